/** The form: what it says as overrides, and overrides as what it says. A range that nobody moved means "as it is". */

import {el} from "./dom.js";
import {WEATHER} from "./overrides.js";

const RANGES = {temperature_c: "°C", anomaly_c: "°C", precipitation_mm: "mm", hour: ":00"};
const PLAIN = ["region", "condition", "persona"];
const OTHER = "another";

export class Panel {
  #form;
  #device = null;
  #changed;

  /** `changed()` hears of every change that a person makes. */
  constructor(form, changed) {
    this.#form = form;
    this.#changed = changed;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => this.#edited());
    form.addEventListener("input", ({target}) => target.type === "range" && set(target, target.value));
    for (const range of form.querySelectorAll("input[type=range]")) this.#release(range);
    this.#buttons();
  }

  /** Fill the lists with what there is to choose. */
  offer({regions, personas, households}) {
    const {region, persona, household} = this.#form.elements;
    region.append(...regions.map(({id, name}) => el("option", {value: id}, name)));
    persona.append(...personas.map((name) => el("option", {}, name)));
    household.append(...households.map(({id, about}) => el("option", {value: id}, `${id}: ${about}`)));
    household.append(el("option", {value: OTHER}, "another household…"));
  }

  /** What the form supposes. */
  get overrides() {
    const {elements} = this.#form;
    const said = {};
    for (const name of PLAIN) if (elements[name].value) said[name] = elements[name].value;
    for (const name of ["temperature_c", "anomaly_c", "precipitation_mm"]) {
      if (elements[name].dataset.set) said[name] = Number(elements[name].value);
    }
    const household = elements.household.value === OTHER ? elements.other.value.trim() : elements.household.value;
    if (household) said.household = household;
    if (elements.hour.dataset.set || elements.date.value) said.at = this.#at();
    if (this.#device) said.device = this.#device;
    return said;
  }

  set overrides(overrides) {
    const {elements} = this.#form;
    for (const name of PLAIN) elements[name].value = overrides[name] ?? "";
    for (const name of ["temperature_c", "anomaly_c", "precipitation_mm"]) {
      if (overrides[name] === undefined) unset(elements[name]);
      else set(elements[name], overrides[name]);
    }
    const [date, time] = (overrides.at ?? "").split("T");
    elements.date.value = date;
    if (time) set(elements.hour, Number(time.slice(0, 2)));
    else unset(elements.hour);
    this.#household = overrides.household ?? "";
    this.#device = overrides.device ?? null;
    this.#press();
  }

  set device(name) {
    this.#device = name;
    this.#edited();
  }

  get device() {
    return this.#device;
  }

  set #household(id) {
    const {household, other} = this.#form.elements;
    household.value = id;
    if (household.value !== id) {
      household.value = OTHER;
      other.value = id;
    }
    this.#showOther();
  }

  #at() {
    const {date, hour} = this.#form.elements;
    const day = date.value || new Date().toLocaleDateString("sv");
    const time = hour.dataset.set ? hour.value : "12";
    return `${day}T${time.padStart(2, "0")}:00`;
  }

  /** A button beside a range that lets go of it: then it is as it is. */
  #release(range) {
    const label = `${range.labels[0].textContent} as it is`;
    const letGo = () => {
      unset(range);
      range.focus();
      this.#edited();
    };
    range.nextElementSibling.after(el("button", {type: "button", class: "release", "aria-label": label, on: {click: letGo}}, "×"));
  }

  #edited() {
    this.#showOther();
    this.#press();
    const {household, other} = this.#form.elements;
    const isWaiting = household.value === OTHER && !other.value.trim();
    if (!isWaiting && this.#form.reportValidity()) this.#changed();
  }

  #showOther() {
    const {household} = this.#form.elements;
    document.getElementById("other-field").hidden = household.value !== OTHER;
  }

  #buttons() {
    for (const button of document.getElementById("weather").children) {
      button.addEventListener("click", () => this.#weather(WEATHER[button.dataset.name] ?? {}));
    }
  }

  #weather(said) {
    const {elements} = this.#form;
    for (const name of ["temperature_c", "anomaly_c", "precipitation_mm"]) {
      if (said[name] === undefined) unset(elements[name]);
      else set(elements[name], said[name]);
    }
    elements.condition.value = said.condition ?? "";
    this.#edited();
  }

  /** Which weather is pressed follows from what the ranges say. */
  #press() {
    const now = this.overrides;
    const same = (said) =>
      ["temperature_c", "anomaly_c", "precipitation_mm", "condition"].every((name) => now[name] === said[name]);
    for (const button of document.getElementById("weather").children) {
      button.setAttribute("aria-pressed", String(same(WEATHER[button.dataset.name] ?? {})));
    }
  }
}

function set(range, value) {
  range.value = value;
  range.dataset.set = "yes";
  const unit = RANGES[range.name];
  const sign = range.name === "anomaly_c" && Number(value) > 0 ? "+" : "";
  tell(range, unit === ":00" ? `${String(value).padStart(2, "0")}:00` : `${sign}${value} ${unit}`);
}

function unset(range) {
  delete range.dataset.set;
  tell(range, range.name === "hour" ? "now" : "as it is");
}

function tell(range, text) {
  range.nextElementSibling.value = text;
  range.setAttribute("aria-valuetext", text);
}
