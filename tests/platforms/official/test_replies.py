"""What a passive reply looks like, read by a reader that is not ours."""

from xml.etree import ElementTree

from bot.platforms import xml
from bot.platforms.official import replies
from bot.platforms.official.replies import Article, News, Picture, Words
from tests.platforms.official.vectors import NOW, callback

ASKED = xml.parse(callback(MsgType="text", MsgId="1"))
PRESSED = xml.parse(callback(MsgType="event", Event="CLICK", EventKey="k"))


def shown(reply: replies.Reply, asked: xml.Fields = ASKED) -> ElementTree.Element:
    return ElementTree.fromstring(replies.render(reply, asked, NOW))


def test_a_text_goes_to_who_asked_from_whom_they_asked() -> None:
    assert {field.tag: field.text for field in shown(Words("收到\n谢谢"))} == {
        "ToUserName": "oSIM1",
        "FromUserName": "gh_sim",
        "CreateTime": "1700000000",
        "MsgType": "text",
        "Content": "收到\n谢谢",
    }


def test_a_text_may_hold_the_end_of_a_cdata_section() -> None:
    words = "a]]>b]]]]>c <a href='x'>d</a> & e"
    assert shown(Words(words)).findtext("Content") == words


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    assert shown(Words("a\x00b\x0bc\ud83dd\ufffee😀")).findtext("Content") == "abcde😀"


def test_a_long_text_is_cut_at_a_character() -> None:
    assert shown(Words("你" * 2000)).findtext("Content") == "你" * (2048 // 3)
    assert replies.cut("ab😀", 5) == "ab"


def test_a_picture_names_its_media() -> None:
    assert shown(Picture("m1")).findtext("Image/MediaId") == "m1"


def test_a_message_is_answered_with_one_article_and_a_menu_with_up_to_eight() -> None:
    news = News(tuple(Article(title=f"{n}", url="https://example.com/?a&b") for n in range(10)))
    assert shown(news).findtext("ArticleCount") == "1"
    told = shown(news, PRESSED)
    assert told.findtext("ArticleCount") == "8"
    assert [item.findtext("Title") for item in told.iterfind("Articles/item")] == [str(n) for n in range(8)]
    assert told.findtext("Articles/item/Url") == "https://example.com/?a&b"
