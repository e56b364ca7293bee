//// lodash@4.18.1
import _ from "lodash";
export default () => [_.groupBy([6.1, 4.2, 6.3], Math.floor), _.merge({ a: [{ b: 2 }] }, { a: [{ c: 3 }] }), _.template("hi <%= name %>")({ name: "x" }), _.kebabCase("fooBar Baz"), _.orderBy([{ a: 2 }, { a: 1 }], "a"), _.get({ a: [{ b: 1 }] }, "a[0].b")];

//// lodash-es@4.18.1
import { chunk, cloneDeep, debounce, isEqual, sortBy } from "lodash-es";
export default () => [chunk([1, 2, 3], 2), isEqual(cloneDeep({ a: new Map([[1, new Set([2])]]) }), { a: new Map([[1, new Set([2])]]) }), typeof debounce(() => 1).cancel, sortBy([3, 1, 2])];

//// ramda@0.32.0
import * as R from "ramda";
export default () => [R.pipe(R.filter((n) => n % 2), R.map(R.multiply(2)), R.sum)([1, 2, 3]), R.path(["a", 0], { a: [5] }), R.groupBy(String)([1, 1, 2]), R.evolve({ n: R.inc }, { n: 1 })];

//// fast-deep-equal@3.1.3
import equal from "fast-deep-equal";
export default () => [equal({ a: [1, { b: /x/g }] }, { a: [1, { b: /x/g }] }), equal(new Date(1), new Date(2)), equal(NaN, NaN)];

//// dequal@2.0.3
import { dequal } from "dequal";
export default () => [dequal(new Map([[{ a: 1 }, 2]]), new Map([[{ a: 1 }, 2]])), dequal(new Set([1]), new Set([2])), dequal(new Uint8Array(2), new Uint8Array(2))];

//// deepmerge@4.3.1
import merge from "deepmerge";
export default () => merge({ a: [1], b: { c: 1 } }, { a: [2], b: { d: 2 } }, { arrayMerge: (a, b) => [...b, ...a] });

//// rfdc@1.4.1
import rfdc from "rfdc";
export default () => { const o = { a: [1, { d: new Date(0) }] }; o.o = o; const c = rfdc({ circles: true })(o); return [c.o === c, c.a, c.a[1].d !== o.a[1].d]; };

//// immer@11.2.13
import { enableMapSet, enablePatches, produce, produceWithPatches } from "immer";
enablePatches(); enableMapSet();
export default () => { const base = [{ t: "a", done: false }]; const next = produce(base, (d) => { d[0].done = true; d.push({ t: "b" }); }); return [next, base, produceWithPatches({ m: new Map() }, (d) => { d.m.set("k", 1); })[1], Object.isFrozen(next)]; };

//// immutable@5.2.1
import { fromJS, List, Map as IMap, OrderedMap, Range, Record } from "immutable";
const Point = Record({ x: 0, y: 0 }, "Point");
export default () => [IMap({ a: 1 }).set("b", 2).toJS(), List([1, 2, 3]).map((n) => n * 2).toArray(), fromJS({ a: { b: [1] } }).setIn(["a", "b", 0], 9), OrderedMap([["z", 1], ["a", 2]]).keySeq(), Range(0, 9, 3).toJS(), new Point({ x: 5 }).toString()];

//// object-hash@3.0.0
import hash from "object-hash";
export default () => [hash({ a: [1, "x"], d: new Date(0) }), hash([1, new Map([[1, 2]])], { algorithm: "md5", encoding: "base64" }), hash("é")];

//// object-inspect@1.14.0
import inspect from "object-inspect";
export default () => { const o = { a: [1, , "x"], f() {}, m: new Map([[1, { b: 2 }]]), s: Symbol("y"), r: /z/g, n: null }; o.o = o; return [inspect(o), inspect(new Error("no").message), inspect({ deep: { er: { x: 1 } } }, { depth: 1 }), inspect(new Set([1n]))]; };

//// ms@2.1.3
import ms from "ms";
export default () => [ms("2.5 days"), ms(3 * 3600e3, { long: true }), ms("-1h"), ms(100)];

//// bytes@3.1.2
import bytes from "bytes";
export default () => [bytes("1.5MB"), bytes(1234567, { decimalPlaces: 1, unitSeparator: " " })];

//// uuid@14.0.3
import { parse, v3, v5, v4, v7, validate, version } from "uuid";
export default () => [v5("hello.example.com", v5.DNS), v3("x", v3.URL), validate(v4()), version(v7()), Array.from(parse("6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b"))];

//// nanoid@5.1.16
import { customAlphabet, nanoid } from "nanoid";
export default () => [nanoid().length, /^[\w-]{10}$/.test(nanoid(10)), customAlphabet("a", 5)()];

//// ulid@3.0.2
import { decodeTime, ulid } from "ulid";
export default () => [ulid(1469918176385).slice(0, 10), decodeTime("01ARYZ6S41TSV4RRFFQ69G5FAV"), ulid().length];

//// murmurhash@2.0.1
import murmurhash from "murmurhash";
export default () => [murmurhash.v3("hello ☃", 42), murmurhash.v2("hello")];

//// bn.js@5.2.5
import BN from "bn.js";
export default () => [new BN("dead", 16).add(new BN("101010", 2)).toString(10), new BN(2).pow(new BN(200)).mod(new BN("1000000007")).toString(), new BN("-123").toTwos(64).toString(16)];

//// bignumber.js@11.1.5
import BigNumber from "bignumber.js";
export default () => [new BigNumber("0.1").plus("0.2"), new BigNumber("123456789.987").toFormat(2), new BigNumber(2).sqrt().toString(), BigNumber("ff.8", 16).toString(), BigNumber(22).div(7).toFraction()];

//// big.js@7.0.1
import Big from "big.js";
export default () => [new Big(0.1).plus(0.2), Big(1).div(3).toFixed(5), Big("1e-7").toString(), Big(2.5).round(0, 2)];

//// decimal.js@10.6.0
import Decimal from "decimal.js";
export default () => [new Decimal(2).sqrt(), Decimal.exp(1), new Decimal("1e500").times(3), Decimal.acos(-1), new Decimal("0b11.1").toHexadecimal()];

//// long@5.3.2
import Long from "long";
export default () => [Long.fromString("9223372036854775807").add(1).toString(), Long.fromBits(-1, 0x7fffffff).toNumber(), Long.MAX_UNSIGNED_VALUE.div(3).toString(), Long.fromNumber(-7).toBytes()];

//// mathjs@15.2.0
import { evaluate, matrix, inv, format, simplify } from "mathjs";
export default () => [evaluate("sqrt(3^2 + 4^2)"), format(evaluate("2 inch to cm"), 6), inv(matrix([[1, 2], [3, 4]])).toArray(), simplify("2x + 3x").toString(), evaluate("9 / 3 + 2i").toString()];

//// expr-eval@2.0.2
import { Parser } from "expr-eval";
export default () => [Parser.evaluate("2 ^ x + max(1, y)", { x: 3, y: 5 }), Parser.parse("a and not b").variables()];

//// d3-array@3.2.5
import { bin, extent, group, quantile, rollup, ticks } from "d3-array";
export default () => [extent([5, 1, 9]), ticks(0, 1, 4), [...group(["ab", "a", "b"], (d) => d[0])], quantile([1, 2, 3, 4], 0.3), bin().thresholds(2)([1, 2, 9]).length, [...rollup([1, 2, 3], (v) => v.length, (d) => d % 2)]];

//// d3-scale@4.0.3 d3-format@3.1.3
import { format } from "d3-format";
import { scaleLinear, scaleOrdinal, scaleTime } from "d3-scale";
export default () => [scaleLinear([0, 10], ["red", "#00f"])(3), scaleOrdinal(["a", "b"], [1, 2])("b"), format("$,.2f")(1234.567), format(".3s")(0.00042), scaleTime([new Date(0), new Date(864e5)], [0, 1]).ticks(3).length];

//// color@5.0.3
import Color from "color";
export default () => [Color("#7743CE").alpha(0.5).lighten(0.5).hsl().string(), Color.rgb(10, 20, 30).hex(), Color("tomato").luminosity(), Color("red").mix(Color("blue"), 0.3).hex()];

//// color-convert@3.1.3
import convert from "color-convert";
export default () => [convert.rgb.cmyk(167, 255, 4), convert.keyword.lab("blue"), convert.hex.ansi256("7B2D43")];

//// date-fns@4.4.0
import { addMonths, differenceInBusinessDays, format, formatDistanceStrict, formatISO, parseISO } from "date-fns";
import { de } from "date-fns/locale/de";
const day = new Date(Date.UTC(2024, 1, 29, 12));
export default () => [format(addMonths(day, 12), "yyyy-MM-dd EEEE"), format(day, "PPPP", { locale: de }), formatDistanceStrict(day, parseISO("2024-03-05T12:00:00Z")), differenceInBusinessDays(parseISO("2024-03-11"), day), formatISO(day, { representation: "date" })];

//// dayjs@1.11.23
import dayjs from "dayjs";
import "dayjs/locale/fr.js";
import relativeTime from "dayjs/plugin/relativeTime.js";
import timezone from "dayjs/plugin/timezone.js";
import utc from "dayjs/plugin/utc.js";
dayjs.extend(utc); dayjs.extend(timezone); dayjs.extend(relativeTime);
const day = dayjs.utc("2024-02-29T12:34:56Z");
export default () => [day.add(1, "year").format(), day.locale("fr").format("dddd D MMMM YYYY"), day.from(day.add(3, "day")), day.tz("America/New_York").format("HH:mm Z"), dayjs.tz("2024-07-01 09:00", "Europe/Zurich").toISOString()];

//// moment@2.31.0
import moment from "moment";
import "moment/locale/de.js";
export default () => { const m = moment.utc("2024-02-29T12:34:56Z").locale("en"); return [m.format("dddd, MMMM Do YYYY, h:mm:ss a"), m.clone().add(1, "month").locale("de").format("LLLL"), moment.duration(90, "minutes").locale("en").humanize(), m.isoWeek(), moment("31/12/2020", "DD/MM/YYYY", true).isValid()]; };

//// luxon@3.7.2
import { DateTime, Duration, Interval } from "luxon";
export default () => {
  const t = DateTime.fromISO("2024-02-29T12:34:56.789Z", { zone: "Europe/Zurich", locale: "de" });
  return [t.toISO(), t.toFormat("cccc d. LLLL yyyy HH:mm"), t.plus({ months: 1 }).toISODate(), t.setZone("Asia/Tokyo").toLocaleString(DateTime.DATETIME_FULL, { locale: "en-GB" }), Duration.fromMillis(5.4e6).toFormat("h:mm"), Interval.after(t, { hours: 5 }).length("minutes"), t.weekdayLong, DateTime.fromFormat("3. März 2020", "d. MMMM yyyy", { locale: "de", zone: "utc" }).toISODate()];
};

//// temporal-polyfill@1.0.8
import { Temporal } from "temporal-polyfill";
export default () => [Temporal.PlainDate.from("2024-02-29").add({ years: 1 }).toString(), Temporal.ZonedDateTime.from("2024-03-10T01:30-05:00[America/New_York]").add({ hours: 1 }).toString(), Temporal.Duration.from("PT90M").total("hours"), Temporal.PlainDate.from("2024-01-31").until("2024-03-01", { largestUnit: "month" }).toString()];
