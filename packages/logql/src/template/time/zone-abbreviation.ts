/**
 * The short name of a zone at a time, as the time zone database has it. `Intl` knows the names, but says them only in
 * English of the right country; those it says in none, or otherwise, are in the table. A zone whose short name is its
 * offset has `+04`.
 *
 * @param offset seconds east of Greenwich then.
 */
export function abbreviationOf(zone: string, seconds: number, offset: number): string {
  if (offset % quarterSeconds !== 0) {
    return "LMT";
  }
  const special = specialNames.get(zone)?.get(offset);
  if (special !== undefined) {
    return special === numeric ? numericName(offset) : special;
  }
  for (const locale of ["en-US", "en-GB", "en-AU", "en-CA", "en-NZ", "en-IN", "en-ZA"]) {
    const name = shortName(locale, zone, seconds);
    if (/^[A-Z]{2,5}$/u.test(name) && (name !== "GMT" || offset === 0)) {
      return name;
    }
  }
  return numericName(offset);
}

/** Zones have been a multiple of this apart since there are zones; before, each place had its local mean time. */
const quarterSeconds = 900;

function numericName(offset: number): string {
  const minutes = Math.trunc(Math.abs(offset) / 60);
  const rest = minutes % 60 === 0 ? "" : String(minutes % 60).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${String(Math.trunc(minutes / 60)).padStart(2, "0")}${rest}`;
}

function shortName(locale: string, zone: string, seconds: number): string {
  const key = `${locale} ${zone}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" });
  formats.set(key, format);
  try {
    return format.formatToParts(seconds * 1000).find(({ type }) => type === "timeZoneName")?.value ?? "";
  } catch {
    // No date of JavaScript.
    return "";
  }
}

/** Bound by the zones there are. */
const formats = new Map<string, Intl.DateTimeFormat>();

const numeric = "#";

/** Short name, offset in hours, zones. */
const specials: readonly (readonly [string, number, string])[] = [
  [numeric, 0, "Africa/Casablanca Africa/El_Aaiun"],
  [numeric, 1, "Africa/Casablanca Africa/El_Aaiun"],
  ["CAT", 2, "Africa/Windhoek"],
  ["HST", -10, "America/Adak America/Atka US/Aleutian"],
  ["HDT", -9, "America/Adak America/Atka US/Aleutian"],
  [
    "MST",
    -7,
    "America/Chihuahua America/Ciudad_Juarez America/Dawson America/Hermosillo America/Mazatlan America/Whitehorse Canada/Yukon Mexico/BajaSur",
  ],
  ["MDT", -6, "America/Chihuahua America/Ciudad_Juarez America/Mazatlan Mexico/BajaSur"],
  ["CST", -5, "America/Havana Cuba"],
  ["CDT", -4, "America/Havana Cuba"],
  [numeric, -3, "America/Miquelon"],
  [numeric, -2, "America/Miquelon"],
  [numeric, 8, "Antarctica/Casey"],
  [numeric, 0, "Antarctica/Troll"],
  ["CST", 8, "Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Macao Asia/Macau Asia/Shanghai Asia/Taipei PRC ROC"],
  [numeric, 5.5, "Asia/Colombo"],
  [numeric, 4, "Asia/Dubai Asia/Muscat"],
  ["IST", 2, "Asia/Gaza Asia/Hebron Asia/Jerusalem Asia/Tel_Aviv Israel"],
  ["IDT", 3, "Asia/Gaza Asia/Hebron Asia/Jerusalem Asia/Tel_Aviv Israel"],
  ["EET", 2, "Asia/Gaza Asia/Hebron"],
  ["EEST", 3, "Asia/Gaza Asia/Hebron"],
  ["HKT", 8, "Asia/Hong_Kong Hongkong"],
  ["WIB", 7, "Asia/Jakarta Asia/Pontianak"],
  ["WIT", 9, "Asia/Jayapura"],
  ["PKT", 5, "Asia/Karachi"],
  ["WITA", 8, "Asia/Makassar Asia/Ujung_Pandang"],
  ["PST", 8, "Asia/Manila"],
  ["KST", 9, "Asia/Pyongyang Asia/Seoul ROK"],
  ["JST", 9, "Asia/Tokyo Japan"],
  [numeric, 8.75, "Australia/Eucla"],
  [numeric, 10.5, "Australia/LHI Australia/Lord_Howe"],
  [numeric, 11, "Australia/LHI Australia/Lord_Howe"],
  [numeric, 11.5, "Australia/LHI Australia/Lord_Howe"],
  ["GMT", 0, "Etc/GMT GMT GMT+0 GMT-0 GMT0"],
  ["IST", 1, "Eire Europe/Dublin"],
  ["BST", 1, "Europe/Guernsey Europe/Isle_of_Man Europe/Jersey"],
  ["MSK", 3, "Europe/Kirov Europe/Moscow Europe/Simferopol Europe/Volgograd W-SU"],
  ["MSD", 4, "Europe/Kirov Europe/Moscow Europe/Simferopol Europe/Volgograd W-SU"],
  ["MET", 1, "MET"],
  ["MEST", 2, "MET"],
  [numeric, 12.75, "NZ-CHAT Pacific/Chatham"],
  [numeric, 13.75, "NZ-CHAT Pacific/Chatham"],
  ["ChST", 10, "Pacific/Guam Pacific/Saipan"],
  ["SST", -11, "Pacific/Midway Pacific/Pago_Pago Pacific/Samoa US/Samoa"],
  ["WET", 0, "WET"],
  ["WEST", 1, "WET"],
];

const specialNames: ReadonlyMap<string, ReadonlyMap<number, string>> = tableOf(specials);

function tableOf(
  rows: readonly (readonly [string, number, string])[],
): ReadonlyMap<string, ReadonlyMap<number, string>> {
  const table = new Map<string, Map<number, string>>();
  for (const [name, hours, zones] of rows) {
    for (const zone of zones.split(" ")) {
      const names = table.get(zone) ?? new Map<number, string>();
      names.set(hours * 3600, name);
      table.set(zone, names);
    }
  }
  return table;
}
