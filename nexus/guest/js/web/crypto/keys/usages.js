// What keys are for, by algorithm and type, and the family whose form their bytes have.

const SIGNING = { private: ["sign"], public: ["verify"], use: "sig" };
const AGREEING = { private: ["deriveKey", "deriveBits"], public: [], use: "enc" };
const CIPHER = { secret: ["encrypt", "decrypt", "wrapKey", "unwrapKey"], use: "enc" };
const DERIVING = { secret: ["deriveKey", "deriveBits"] };

const KINDS = {
  "RSASSA-PKCS1-v1_5": { family: "RSA", ...SIGNING },
  "RSA-PSS": { family: "RSA", ...SIGNING },
  "RSA-OAEP": {
    family: "RSA", private: ["decrypt", "unwrapKey"], public: ["encrypt", "wrapKey"], use: "enc",
  },
  ECDSA: { family: "EC", ...SIGNING },
  ECDH: { family: "EC", ...AGREEING },
  Ed25519: { family: "Ed25519", ...SIGNING },
  Ed448: { family: "Ed448", ...SIGNING },
  X25519: { family: "X25519", ...AGREEING },
  X448: { family: "X448", ...AGREEING },
  "AES-CTR": { family: "secret", ...CIPHER },
  "AES-CBC": { family: "secret", ...CIPHER },
  "AES-GCM": { family: "secret", ...CIPHER },
  "AES-KW": { family: "secret", secret: ["wrapKey", "unwrapKey"], use: "enc" },
  HMAC: { family: "secret", secret: ["sign", "verify"], use: "sig" },
  HKDF: { family: "secret", ...DERIVING },
  PBKDF2: { family: "secret", ...DERIVING },
};

const CURVES = ["P-256", "P-384", "P-521"];

const requireCurve = ({ namedCurve }) => {
  if (namedCurve !== undefined && !CURVES.includes(namedCurve)) {
    throw unsupported(
      `The curve ${JSON.stringify(namedCurve)} is not known, only ${CURVES.join(", ")}`,
    );
  }
};

const requireUsages = (usages, allowed, what) => {
  const wrong = usages.find((usage) => !allowed.includes(usage));
  if (wrong !== undefined) {
    const shown = allowed.map((usage) => JSON.stringify(usage)).join(" or ") || "nothing";
    throw syntaxError(`${what} is for ${shown}, not for ${JSON.stringify(wrong)}`);
  }
};

const requireSomeUsage = (usages, allowed, what) => {
  if (usages.length === 0) {
    const shown = allowed.map((usage) => JSON.stringify(usage)).join(" or ");
    throw syntaxError(`${what} needs a usage: ${shown}`);
  }
};

const nameOfKey = (name, type) =>
  type === "secret" ? `A key for ${name}` : `A ${type} key for ${name}`;

const isAesLength = (bits) => bits === 128 || bits === 192 || bits === 256;
