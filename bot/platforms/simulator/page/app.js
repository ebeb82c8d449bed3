"use strict";
// The page: asks for the state when something has changed, draws it, and sends what people do.
const $ = (id) => document.getElementById(id);
const STORIES = ["welcome", "hygiene", "tagging", "loss", "group_post", "official", "commands"];
const chosen = { contact: "mei", contactChat: "", group: "", staff: "zhou", staffChat: "app", speaker: "" };
const drawn = {};
let state = null;
let followed = ""; // the contact whom the story that plays is about
let contactChat = ""; // the open chat: the chosen one, or the first while that does not exist

async function act(name, values) {
  const answer = await fetch(`control/${name}`, { method: "POST", body: JSON.stringify(values) });
  const result = await answer.json();
  if (!answer.ok) toast(result.error);
  return result;
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").classList.add("shown");
  setTimeout(() => $("toast").classList.remove("shown"), 3500);
}

function fill(id, key, children) {
  // draw again only what is different, and stay at the end of a conversation
  if (drawn[id] === key) return;
  drawn[id] = key;
  const place = $(id), follows = place.classList.contains("messages");
  const atEnd = follows && place.scrollHeight - place.scrollTop - place.clientHeight < 80;
  const grew = place.dataset.chat === undefined || key.startsWith(place.dataset.chat);
  place.replaceChildren(...children().filter(Boolean));
  place.dataset.chat = key.split("|")[0];
  if (atEnd || (follows && !grew)) place.scrollTop = place.scrollHeight;
}

function messages(id, chat, list, mine, empty, press) {
  fill(id, `${chat}|${english}|${JSON.stringify(list)}`, () => list.length
    ? list.map((one) => bubble(one, mine(one), press && ((key) => press(one, key))))
    : [make("p", "empty", t(empty))]);
}

function options(id, list, value, change) {
  const select = $(id);
  fill(id, JSON.stringify(list), () => list.map(([key, text]) => new Option(text, key)));
  if (!list.some(([key]) => key === value) && list.length) value = list[0][0];
  select.value = value;
  select.onchange = () => { change(select.value); draw(); };
  return value;
}

function chips(id, list, value, change) {
  fill(id, `${value}|${english}|${JSON.stringify(list)}`, () => list.map(([key, text, count]) => {
    const chip = button(text, key === value ? "chip chosen" : "chip", () => { change(key); draw(); });
    if (count) chip.append(make("span", "badge", String(count)));
    return chip;
  }));
}

function drawContact() {
  const people = state.contacts.map((one) => [one.key, one.name]);
  chosen.contact = options("contact", people, chosen.contact, (key) => { chosen.contact = key; chosen.contactChat = ""; });
  const person = state.contacts.find((one) => one.key === chosen.contact);
  const phone = [...(state.phones[person.id] || []), ...(state.phones[person.openid] || [])];
  const staff = state.staff.filter((one) => person.relations[one.userid] || phone.some((m) => m.chat === `staff:${one.userid}`));
  const chats = [...staff.map((one) => [`staff:${one.userid}`, one.name]), ["official", t("official")]];
  const chat = contactChat = chats.some(([key]) => key === chosen.contactChat) ? chosen.contactChat : chats[0][0];
  chips("contact-chats", chats, chat, (key) => { chosen.contactChat = key; });
  const official = chat === "official", userid = chat.slice(6);
  const relation = person.relations[userid];
  const name = official ? t("official") : staff.find((one) => one.userid === userid)?.name || person.name;
  $("contact-title").textContent = name + (relation && relation !== "friend" ? ` · ${t(relation)}` : "");
  fill("contact-tools", `${english}|${chosen.contact}|${chat}|${person.follows}|${relation}|${state.ways.length}`, () => [
    official ? button(person.follows ? t("unfollow") : t("follow"), "tool", () => act(person.follows ? "unfollow_official" : "follow", { person: person.key })) : null,
    !official && relation === "friend" ? button(t("delete_staff"), "tool", () => act("unfollow", { contact: person.key, staff: userid })) : null,
    scanner(person),
  ]);
  const shown = phone.filter((one) => one.chat === chat);
  const empty = official && !person.follows ? "nothing_follow" : "nothing_contact";
  messages("contact-messages", `${person.key}/${chat}`, shown, (one) => one.sender === person.id || one.sender === person.openid, empty);
  const entries = official && person.follows ? state.menu.button : [];
  fill("contact-menu", `${chosen.contact}${JSON.stringify(entries)}`, () => entries.map((entry) => menuEntry(person, entry)));
}

function scanner(person) {
  const select = make("select", "tool", new Option(t("scan"), ""));
  select.setAttribute("aria-label", t("scan"));
  for (const way of state.ways) select.append(new Option(way.remark || way.state, way.config_id));
  for (const scene of state.scenes) select.append(new Option(`${t("official")} ${scene}`, `scene:${scene}`));
  select.onchange = () => {
    const value = select.value;
    select.value = "";
    if (value.startsWith("scene:")) { chosen.contactChat = "official"; act("follow", { person: person.key, scene: value.slice(6) }); }
    else if (value) act("scan", { way: value, by: person.key }).then((scan) => { if (scan.userid) { chosen.contactChat = `staff:${scan.userid}`; draw(); } });
  };
  return select;
}

function menuEntry(person, entry) {
  if (!entry.sub_button?.length) return button(entry.name, "", entry.key ? () => act("click", { person: person.key, key: entry.key }) : () => toast(entry.url || entry.name));
  const select = make("select", "", new Option(`≡ ${entry.name}`, ""));
  for (const one of entry.sub_button) select.append(new Option(one.name, one.key || ""));
  select.onchange = () => { if (select.value) act("click", { person: person.key, key: select.value }); select.value = ""; };
  return select;
}

function drawGroup() {
  const groups = state.groups.map((one) => [one.chat_id, one.name]);
  chosen.group = options("group", groups, chosen.group, (key) => { chosen.group = key; });
  const group = state.groups.find((one) => one.chat_id === chosen.group);
  $("group-title").textContent = `${group.name}(${group.members.length})`;
  const person = state.contacts.find((one) => one.key === chosen.contact);
  const inside = group.members.some((one) => one.id === person.id);
  fill("group-tools", `${english}|${chosen.group}|${person.key}|${inside}`, () => group.kind === "customer"
    ? [button(`${person.name} ${inside ? t("leave") : t("join")}`, "tool", () => act(inside ? "leave" : "join", { group: group.chat_id, contact: person.key })),
      inside ? button(t("kick"), "tool", () => act("kick", { group: group.chat_id, contact: person.key, by: group.owner })) : null] : []);
  const speakers = group.members.map((one) => [one.id, one.name]);
  const wanted = speakers.some(([id]) => id === chosen.speaker) ? chosen.speaker : inside ? person.id : group.members.find((one) => !state.staff.some((staff) => staff.userid === one.id))?.id;
  chosen.speaker = options("speaker", speakers, wanted, (key) => { chosen.speaker = key; });
  messages("group-messages", `${group.chat_id}/${chosen.speaker}`, group.lines, (one) => one.sender === chosen.speaker, "nothing_group");
}

function drawStaff() {
  const people = state.staff.map((one) => [one.userid, one.position ? `${one.name} · ${one.position}` : one.name]);
  chosen.staff = options("staff", people, chosen.staff, (key) => { chosen.staff = key; chosen.staffChat = "app"; });
  const phone = state.phones[chosen.staff] || [];
  const tasks = state.mass_sends.filter((one) => one.parts.some((part) => part.userid === chosen.staff)).reverse();
  const waiting = tasks.filter((one) => !one.cancelled && one.parts.some((part) => part.userid === chosen.staff && !part.sent && !part.ignored)).length;
  const contacts = state.contacts.filter((one) => one.relations[chosen.staff]);
  const groups = state.groups.filter((one) => one.kind === "internal" && one.members.some((member) => member.id === chosen.staff));
  const chats = [["app", t("app")], ["mass", t("mass"), waiting], ...groups.map((one) => [one.chat_id, one.name]), ...contacts.map((one) => [`contact:${one.id}`, one.name])];
  if (!chats.some(([key]) => key === chosen.staffChat)) chosen.staffChat = "app";
  chips("staff-chats", chats, chosen.staffChat, (key) => { chosen.staffChat = key; });
  $("staff-title").textContent = chats.find(([key]) => key === chosen.staffChat)[1];
  $("staff-form").hidden = chosen.staffChat === "mass";
  const group = groups.find((one) => one.chat_id === chosen.staffChat);
  const contact = contacts.find((one) => `contact:${one.id}` === chosen.staffChat);
  fill("staff-tools", `${english}|${chosen.staffChat}|${contact ? contact.tags : ""}`, () => contact ? contact.tags.map((tag) => make("span", "tag", tag)) : []);
  if (chosen.staffChat === "mass") drawTasks(tasks);
  else if (group) messages("staff-messages", group.chat_id, group.lines, (one) => one.sender === chosen.staff, "nothing_group");
  else {
    const shown = phone.filter((one) => one.chat === chosen.staffChat)
      .concat(contact ? (state.phones[contact.id] || []).filter((one) => one.chat === `staff:${chosen.staff}` && !phone.some((mine) => mine.at === one.at && mine.sender === one.sender)) : [])
      .sort((one, other) => one.at.localeCompare(other.at));
    messages("staff-messages", `${chosen.staff}/${chosen.staffChat}`, shown, (one) => one.sender === chosen.staff, "nothing_staff",
      (one, key) => act("press", { staff: chosen.staff, card: one.id, key }));
  }
}

function drawTasks(tasks) {
  fill("staff-messages", `mass/${chosen.staff}|${english}|${JSON.stringify(tasks)}`, () => tasks.length ? tasks.map((task) => {
    const part = task.parts.find((one) => one.userid === chosen.staff);
    const ended = task.cancelled ? "cancelled" : part.sent ? "confirmed" : part.ignored ? "ignored" : "";
    const foot = make("div", "foot", ...(ended ? [button(t(ended), "done", null)] : [
      button(t("confirm"), "", () => act("confirm", { staff: chosen.staff, msgid: task.msgid })),
      button(t("ignore"), "grey", () => act("ignore", { staff: chosen.staff, msgid: task.msgid }))]));
    return make("div", "card task", make("small", "source", `${t("to")} ${part.targets.join("、")}`, task.reminded ? ` · ${t("reminded", { n: task.reminded })}` : ""),
      ...task.messages.map((one) => body(one)), foot);
  }) : [make("p", "empty", t("nothing_mass"))]);
}

function drawLog() {
  const entries = [...state.log].reverse();
  const open = new Set([...$("log").querySelectorAll("[open]")].map((row) => row.dataset.number));
  fill("log", `log|${english}|${entries.length ? entries[0].number : 0}`, () => entries.length ? entries.map((one) => {
    const row = make("details", one.good ? "row" : "row bad", make("summary", "", make("time", "", new Date(one.at).toLocaleTimeString("zh-CN", { hour12: false })),
      make("span", `way ${one.way}`, t(`way_${one.way}`)), make("span", "what", one.what), make("span", "result", one.result)));
    row.append(make("pre", "", typeof one.detail === "string" ? one.detail : JSON.stringify(one.detail, null, 2)));
    row.dataset.number = one.number;
    row.open = open.has(String(one.number));
    return row;
  }) : [make("p", "empty", t("nothing_log"))]);
}

function drawTop() {
  const lines = state.narration, last = lines[lines.length - 1];
  if (last && last.contact && last.contact !== followed) { followed = chosen.contact = last.contact; chosen.contactChat = ""; }
  $("narration").textContent = last ? lines.slice(-2).map((one) => one[english ? "en" : "zh"]).join(" ") : t("hint");
  const on = state.connected.wecom || state.connected.official;
  $("wire").textContent = t(on ? "connected" : "disconnected");
  $("wire").className = on ? "wire on" : "wire";
  fill("stories", `${english}|${last ? last.story : ""}`, () => STORIES.map((name) =>
    button(t(`story_${name}`), last && last.story === name ? "story playing" : "story", () => act(`story/${name}`, {}).then(() => focusOn(name)))));
}

function focusOn(story) {
  const staff = { hygiene: "zhou", tagging: "zhou", loss: "lin", group_post: "zhou", commands: "lin" }[story];
  if (staff) { chosen.staff = staff; chosen.staffChat = story === "group_post" ? "mass" : "app"; }
  followed = "";
  if (story === "official") { chosen.contact = "mei"; chosen.contactChat = "official"; }
  if (["hygiene", "tagging", "group_post"].includes(story)) chosen.group = state.groups[0].chat_id;
  show({ welcome: "contact", official: "contact", hygiene: "group", tagging: "group" }[story] || "staff");
  draw();
}

function show(phone) {
  $("phones").dataset.show = phone;
  for (const tab of $("tabs").children) tab.classList.toggle("chosen", tab.dataset.phone === phone);
  for (const place of document.querySelectorAll(".messages")) place.scrollTop = place.scrollHeight;
}

function draw() {
  if (!state) return;
  drawTop(); drawContact(); drawGroup(); drawStaff(); drawLog();
}

function words() {
  document.documentElement.lang = english ? "en" : "zh-CN";
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-hint]")) one.placeholder = t(one.dataset.hint);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", t(one.dataset.label));
  $("language").textContent = t("language");
  document.title = t("title");
  draw();
}

function onWrite(id, send) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    const input = $(id).querySelector("input"), text = input.value.trim();
    if (!text) return;
    input.value = "";
    send(text);
  });
}

onWrite("contact-form", (text) => contactChat === "official" ? act("write", { person: chosen.contact, text })
  : act("say", { who: chosen.contact, text, to: contactChat.slice(6) }));
onWrite("group-form", (text) => act("say", { who: chosen.speaker, text, group: chosen.group }));
onWrite("staff-form", (text) => {
  if (chosen.staffChat === "app") return act("tell", { staff: chosen.staff, text });
  if (chosen.staffChat.startsWith("contact:")) return act("say", { who: chosen.staff, text, to: chosen.staffChat.slice(8) });
  return act("say", { who: chosen.staff, text, group: chosen.staffChat });
});
$("newcomer").addEventListener("click", () => act("contact", {}).then((made) => { chosen.contact = made.key; chosen.contactChat = ""; draw(); }));
$("language").addEventListener("click", () => { english = !english; localStorage.setItem("simulator-language", english ? "en" : "zh"); words(); });
$("tabs").addEventListener("click", (event) => { if (event.target.dataset.phone) show(event.target.dataset.phone); });

let asking = false, again = false;
async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  do {
    again = false;
    state = await (await fetch("control/state")).json();
    draw();
  } while (again);
  asking = false;
}

function listen() {
  const events = new EventSource("control/events");
  events.onmessage = (event) => { if (!state || Number(event.data) !== state.version) refresh().catch(() => { asking = false; }); };
  events.onerror = () => { $("wire").textContent = t("offline"); $("wire").className = "wire"; };
}

show("contact");
words();
listen();
