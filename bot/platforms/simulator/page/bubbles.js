"use strict";
// How one message looks, by kind. Everything people wrote goes in as text, never as markup.
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

function button(text, className, act) {
  const element = make("button", className, text);
  element.type = "button";
  if (act) element.addEventListener("click", act); else element.disabled = true;
  return element;
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
function rich(text) {
  // the small markdown of app messages, over escaped text
  const safe = String(text ?? "").replace(/[&<>"']/g, (sign) => ESCAPES[sign]);
  const element = make("div", "rich");
  element.innerHTML = safe
    .replace(/&lt;font color=&quot;(info|comment|warning)&quot;&gt;(.*?)&lt;\/font&gt;/g, '<span class="$1">$2</span>')
    .replace(/&lt;a href=&quot;(https?:[^"]*?)&quot;.*?&gt;(.*?)&lt;\/a&gt;/g, '<a rel="noreferrer" target="_blank" href="$1">$2</a>')
    .replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, '<a rel="noreferrer" target="_blank" href="$2">$1</a>')
    .replace(/\*\*(.+?)\*\*/g, "<b>$1</b>")
    .replace(/^#{1,6} (.+)$/gm, "<b>$1</b>")
    .replace(/^&gt; ?(.*)$/gm, '<span class="quote">$1</span>')
    .replace(/`([^`]+)`/g, "<code>$1</code>");
  return element;
}

function picture(content) {
  const source = content.base64 ? `data:image/png;base64,${content.base64}`
    : content.media_id ? `control/media/${encodeURIComponent(content.media_id)}` : "";
  if (!source) return make("div", "attachment", t("picture"));
  const image = make("img", "picture");
  image.src = source;
  image.alt = t("picture");
  image.addEventListener("error", () => image.replaceWith(make("div", "attachment", t("picture"))));
  return image;
}

function linkCard(title, about, mark) {
  return make("div", "link-card", make("div", "words", make("b", "", title || t("link")), make("small", "", about || "")), make("span", "mark", mark || "↗"));
}

function templateCard(content, press) {
  const card = content.card || content;
  const element = make("div", "card");
  if (card.source?.desc) element.append(make("small", "source", card.source.desc));
  if (card.main_title) element.append(make("b", "", card.main_title.title || ""), make("small", "", card.main_title.desc || ""));
  if (card.emphasis_content) element.append(make("strong", "emphasis", card.emphasis_content.title || ""), make("small", "", card.emphasis_content.desc || ""));
  if (card.quote_area) element.append(make("blockquote", "", card.quote_area.title ? make("b", "", card.quote_area.title) : null, make("span", "", card.quote_area.quote_text || "")));
  if (card.sub_title_text) element.append(make("p", "", card.sub_title_text));
  const rows = make("dl", "");
  for (const row of card.horizontal_content_list || []) rows.append(make("dt", "", row.keyname), make("dd", "", row.value || ""));
  if (rows.children.length) element.append(rows);
  for (const row of card.vertical_content_list || []) element.append(make("p", "", make("b", "", row.title), " ", row.desc || ""));
  for (const jump of card.jump_list || []) element.append(make("small", "jump", jump.title, " ›"));
  const foot = make("div", "foot");
  if (content.replaced) foot.append(button(content.replaced, "done", null));
  else {
    for (const one of card.button_list || []) {
      const style = one.style === 2 ? "soft" : one.style === 3 ? "danger" : one.style === 4 ? "grey" : "";
      const pressed = content.pressed === one.key ? " pressed" : "";
      foot.append(button(one.text, style + pressed, one.type === 1 ? null : () => press(one.key)));
    }
    if (card.submit_button) foot.append(button(card.submit_button.text, "", () => press(card.submit_button.key)));
  }
  if (foot.children.length) element.append(foot);
  return element;
}

function body(message, press) {
  const content = message.content || {};
  switch (message.kind) {
    case "text": case "markdown": case "markdown_v2": return rich(content.content);
    case "image": return picture(content);
    case "link": return linkCard(content.title, content.desc || content.description || content.url || content.link_url);
    case "textcard": return linkCard(content.title, String(content.description || "").replace(/<[^>]*>/g, " "), "›");
    case "miniprogram": return linkCard(content.title, content.page, "◎");
    case "news": return make("div", "", ...(content.articles || []).map((one) => linkCard(one.title, one.description)));
    case "template_card": return templateCard(content, press || (() => {}));
    case "template": return make("div", "card", ...Object.entries(content.values || {}).map(([name, value]) => make("small", "", `${name} ${value}`)));
    case "file": case "video": case "voice": return make("div", "attachment", content.filename || t("file"));
    default: return make("div", "attachment", message.kind);
  }
}

function avatar(name, kind) {
  const letter = kind === "bot" ? "二" : [...String(name || "?")][0];
  const tone = [...String(name || "")].reduce((sum, sign) => sum + sign.codePointAt(0), 0) % 6;
  return make("span", `avatar ${kind === "bot" ? "bot" : `tone${tone}`}`, letter);
}

function bubble(message, mine, press) {
  if (message.kind === "notice" || message.kind === "fault" || message.kind === "recalled") {
    const text = message.kind === "recalled" ? t("recalled") : message.content.content;
    return make("div", `line ${message.kind}`, make("span", "", text));
  }
  const bot = ["app", "webhook", "official"].includes(message.sender);
  const name = message.sender === "official" ? t("official") : bot ? t("app") : message.name;
  const bare = ["template_card", "image", "link", "textcard", "news", "miniprogram", "template"].includes(message.kind);
  const words = make("div", "words", make("small", "name", mine ? "" : name), make("div", bare ? "bare" : "bubble", body(message, press)));
  return make("div", mine ? "message mine" : "message", avatar(name, bot ? "bot" : ""), words);
}
