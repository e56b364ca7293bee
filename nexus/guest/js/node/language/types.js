// node:util/types: what kind of object a value is, as far as a program can see that.

const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);
const isObject = (value) => value !== null && typeof value === "object";
const is = (Class) => (value) => value instanceof Class;
const isTyped = (name) => (value) => ArrayBuffer.isView(value) && tagOf(value) === name;

const GeneratorFunction = Object.getPrototypeOf(function* () {}).constructor;
const AsyncFunction = (async () => {}).constructor;

export const isAnyArrayBuffer = (value) => isObject(value) && /^(Shared)?ArrayBuffer$/.test(tagOf(value));
export const isArrayBuffer = is(ArrayBuffer);
export const isArrayBufferView = (value) => ArrayBuffer.isView(value);
export const isAsyncFunction = is(AsyncFunction);
export const isBigInt64Array = isTyped("BigInt64Array");
export const isBigUint64Array = isTyped("BigUint64Array");
export const isBoxedPrimitive = (value) =>
  isObject(value) && /^(Number|String|Boolean|Symbol|BigInt)$/.test(tagOf(value));
export const isDataView = is(DataView);
export const isDate = is(Date);
export const isFloat32Array = isTyped("Float32Array");
export const isFloat64Array = isTyped("Float64Array");
export const isGeneratorFunction = is(GeneratorFunction);
export const isMap = is(Map);
export const isNativeError = is(Error);
export const isPromise = is(Promise);
export const isProxy = () => false; // a program cannot see that
export const isRegExp = is(RegExp);
export const isSet = is(Set);
export const isTypedArray = (value) => ArrayBuffer.isView(value) && !(value instanceof DataView);
export const isUint8Array = isTyped("Uint8Array");
export const isUint16Array = isTyped("Uint16Array");
export const isUint32Array = isTyped("Uint32Array");
export const isWeakMap = is(WeakMap);
export const isWeakSet = is(WeakSet);

export default {
  isAnyArrayBuffer, isArrayBuffer, isArrayBufferView, isAsyncFunction, isBigInt64Array,
  isBigUint64Array, isBoxedPrimitive, isDataView, isDate, isFloat32Array, isFloat64Array,
  isGeneratorFunction, isMap, isNativeError, isPromise, isProxy, isRegExp, isSet, isTypedArray,
  isUint8Array, isUint16Array, isUint32Array, isWeakMap, isWeakSet,
};
