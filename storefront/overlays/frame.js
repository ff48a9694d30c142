/** The frame of every overlay: a modal dialog, or a card in the corner that takes no focus. */

import {canonical, quietly} from "./../snippet/page.js";
import {guarded, icon, make, picture, safeUrl, textOf} from "./elements.js";
import {labelsFor} from "./labels.js";
import {styleSheet} from "./style.js";

const CORNER = new Set(["message", "idle"]);
const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ku|ps|sd|ug|ur|yi)\b/i;
const CROSS = "M6 6l12 12M18 6L6 18";

/** One overlay on the page. A renderer fills `body` and `actions`, reports through `track` and `engage`. */
export class Frame {
  constructor(answer, options) {
    this.answer = answer;
    this.options = options;
    this.content = answer.content && typeof answer.content === "object" ? answer.content : {};
    this.locale = canonical(options.locale || document.documentElement.lang) ?? "en";
    this.labels = labelsFor(this.locale, options.labels);
    this.track = guarded((kind, fields = {}) => options.track?.(kind, fields));
    this.isModal = !CORNER.has(answer.mechanic);
    this.isEngaged = false;
    this.isDirty = false;
    this.isOpen = false;
    this.cleanups = [];
    this.body = make("div", {class: "body"});
    this.actions = make("div", {class: "actions"});
    this.status = make("p", {role: "status", class: "unseen"});
    this.build();
  }

  /** A text of the content, "" if there is none. */
  text(name) {
    return textOf(this.content[name]);
  }

  build() {
    const {labels, isModal} = this;
    const title = this.text("title");
    this.title = make("h2", {id: "title", tabindex: "-1", part: "title", autofocus: isModal}, title || labels.note);
    if (!title) this.title.classList.add("unseen");
    this.lead = this.text("text") ? make("p", {id: "text", class: "text", part: "text"}, this.text("text")) : null;
    const close = make(
      "button",
      {type: "button", class: "close", part: "close", "aria-label": labels.close, onclick: () => this.dismiss()},
      icon(CROSS),
    );
    const banner = picture(this.content.image, this.options.api, "banner");
    const said = make("div", {class: "said"}, this.title, this.lead, this.body, this.actions);
    this.panel = make(
      isModal ? "dialog" : "section",
      {
        class: `panel ${isModal ? "sheet" : "corner"} ${this.answer.mechanic}`,
        part: "panel",
        "aria-labelledby": "title",
        "aria-describedby": this.lead && "text",
      },
      close,
      make("div", {class: "scroll"}, banner, said),
      this.status,
    );
    this.element = make("vitrine-overlay", {
      lang: this.locale,
      dir: RIGHT_TO_LEFT.test(this.locale) ? "rtl" : null,
      "data-mechanic": this.answer.mechanic,
    });
    const root = this.element.attachShadow({mode: "open"});
    root.adoptedStyleSheets = [styleSheet()];
    root.append(this.panel);
  }

  /** Put it on the page. A modal one takes the focus. */
  show() {
    this.before = document.activeElement;
    this.isOpen = true;
    document.body.append(this.element);
    if (this.isModal) this.showModal();
    else this.showCorner();
  }

  showModal() {
    const {panel} = this;
    let isPressedOutside = false;
    panel.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.dismiss();
    });
    panel.addEventListener("close", () => this.dismiss());
    panel.addEventListener("pointerdown", (event) => {
      isPressedOutside = event.target === panel;
    });
    panel.addEventListener("click", (event) => {
      // A form somebody is filling in is not lost to a slip of the hand.
      if (event.target === panel && isPressedOutside && !this.isDirty) this.dismiss();
    });
    panel.showModal();
  }

  showCorner() {
    const escape = (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.dismiss();
    };
    document.addEventListener("keydown", escape);
    this.cleanups.push(() => document.removeEventListener("keydown", escape));
    this.element.addEventListener("focusin", (event) => {
      if (event.relatedTarget) this.before = event.relatedTarget;
    });
    // A region that is there at once with its text is not read out: the text follows the region.
    this.later(() => this.announce([this.text("title"), this.text("text")].filter(Boolean).join(". ")), 100);
  }

  /** Say something to those who listen. */
  announce(text) {
    this.status.textContent = text;
  }

  /** Do something later, unless the overlay is closed by then. */
  later(act, delay_ms) {
    const timer = setTimeout(guarded(act), delay_ms);
    this.cleanups.push(() => clearTimeout(timer));
  }

  /** The visitor took it up: reported once, and closing it is no refusal any more. */
  engage() {
    if (!this.isEngaged) this.track("slot_click");
    this.isEngaged = true;
  }

  /** Closed by the visitor. */
  dismiss() {
    if (this.isOpen && !this.isEngaged) this.track("dismiss");
    this.close();
  }

  /** Take it off the page and give the focus back. */
  close() {
    for (const cleanup of this.cleanups.splice(0)) cleanup();
    if (!this.isOpen) return;
    this.isOpen = false;
    const hadFocus = this.isModal || document.activeElement === this.element;
    if (this.isModal) this.panel.close();
    this.element.remove();
    if (hadFocus && this.before?.isConnected) this.before.focus({preventScroll: true});
    quietly(() => this.options.onClose?.());
  }

  /** A link of the overlay, null if its address is not fit; following it closes the overlay. */
  link(address, attributes, ...children) {
    const href = safeUrl(address);
    const {onclick, ...others} = attributes;
    const follow = (event) => {
      onclick?.(event);
      // Later, because the link has to be there still when the browser follows it.
      if (!event.defaultPrevented && !(event.ctrlKey || event.metaKey || event.shiftKey)) this.later(() => this.close());
    };
    return href && make("a", {href, ...others, onclick: follow}, ...children);
  }

  /** The main button as the content has it: a link, a way to close, or nothing. */
  mainButton() {
    const attributes = {class: "button", part: "button", onclick: () => this.engage()};
    const label = this.text("button");
    const link = this.link(this.content.link, attributes, label || this.labels.go);
    if (link || !label) return link;
    const close = () => {
      this.engage();
      this.close();
    };
    return make("button", {...attributes, type: "button", onclick: close}, label);
  }

  /** A quiet button that closes. */
  closeButton(label) {
    return make("button", {type: "button", class: "button quiet", part: "button", onclick: () => this.dismiss()}, label);
  }

  /** Replace what the overlay says by a title and a text, and move the focus there. */
  conclude(title, text, ...more) {
    this.title.classList.remove("unseen");
    this.title.textContent = title;
    this.lead?.remove();
    this.body.replaceChildren(...(text ? [make("p", {class: "text", part: "text"}, text)] : []), ...more);
    this.actions.replaceChildren(this.closeButton(this.labels.close));
    this.announce([title, text].filter(Boolean).join(". "));
    this.title.focus();
  }
}
