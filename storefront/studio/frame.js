/** The shop in its frame: as wide as the device, scaled to the room there is; same origin, so it can be acted upon. */

const WIDTHS = {phone: 360, tablet: 820, desktop: 1440};
const RUNNING = Symbol.for("vitrine");
const UNDECIDED = "[data-vitrine]:not([data-vitrine-state])";
const PATIENCE_MS = 4000;
const LOOK_MS = 50;
const MARKED_MS = 2500;

export class Shop {
  #frame;
  #room;
  #device = null;
  #opening = null;
  #signalled = null;

  /** `frame` is the iframe, `room` what it has to fit into; `moved(path)` hears of every page that it shows. */
  constructor(frame, room, moved) {
    this.#frame = frame;
    this.#room = room;
    frame.addEventListener("load", () => moved(this.path));
    new ResizeObserver(() => this.#fit()).observe(room);
  }

  /** Path and query of the page that is shown. */
  get path() {
    const place = this.#frame.contentWindow?.location;
    return place && place.pathname !== "blank" ? place.pathname + place.search : "";
  }

  /** Show a page of the shop, or the same one anew. The page before may still be loading, and tell when it has. */
  open(path = this.path) {
    const before = this.#frame.contentDocument;
    this.#opening = new Promise((done) => {
      const look = () => {
        if (this.#frame.contentDocument === before) return;
        this.#frame.removeEventListener("load", look);
        done();
      };
      this.#frame.addEventListener("load", look);
    });
    if (path === this.path) this.#frame.contentWindow.location.reload();
    else this.#frame.contentWindow.location.replace(path);
    return this.#opening;
  }

  /** Width of a phone, a tablet, a desktop; null for all the room there is. */
  device(name) {
    this.#device = name;
    this.#room.dataset.device = name ?? "";
    this.#fit();
  }

  /**
   * Tell the snippet that something happened, on the page that is being opened if there is one. It hears of a kind once
   * per page view: a second time opens the page anew.
   */
  async signal(signals) {
    await this.#opening;
    if (this.#frame.contentDocument === this.#signalled) await this.open();
    const snippet = await this.#snippet();
    if (!snippet) throw new Error("this page of the shop does not run the snippet");
    this.#signalled = this.#frame.contentDocument;
    snippet.signal(signals);
  }

  /** Show where a placement is, if the page has it. */
  point(placement) {
    const element = this.#frame.contentDocument?.querySelector(`[data-vitrine="${CSS.escape(placement)}"]`);
    if (!element) return false;
    element.scrollIntoView({block: "center", behavior: "smooth"});
    element.style.setProperty("outline", "3px solid #d6336c");
    element.style.setProperty("outline-offset", "4px");
    setTimeout(() => {
      element.style.removeProperty("outline");
      element.style.removeProperty("outline-offset");
    }, MARKED_MS);
    return true;
  }

  /** What the snippet made of each placement on the page: shown, default, empty. */
  get states() {
    const elements = this.#frame.contentDocument?.querySelectorAll("[data-vitrine]") ?? [];
    return new Map([...elements].map(({dataset}) => [dataset.vitrine, dataset.vitrineState]));
  }

  /** Forget what the snippet keeps in this browser. */
  forget() {
    localStorage.removeItem("vitrine");
  }

  /** The page's snippet, once its own question is answered: what it is told then comes after that in every list. */
  async #snippet() {
    let found = null;
    for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
      const page = this.#frame.contentDocument;
      found = page?.[RUNNING];
      if (found && !page.querySelector(UNDECIDED)) break;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    return found;
  }

  #fit() {
    const {clientWidth: room, clientHeight: high} = this.#room;
    const wanted = WIDTHS[this.#device] ?? room;
    const scale = Math.min(1, room / wanted);
    const {style} = this.#frame;
    style.setProperty("width", `${wanted}px`);
    style.setProperty("height", `${high / scale}px`);
    style.setProperty("transform", scale < 1 ? `scale(${scale})` : "none");
    style.setProperty("margin-inline-start", `${Math.max(0, (room - wanted * scale) / 2)}px`);
  }
}
