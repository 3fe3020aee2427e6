/** SHA-256: FIPS 180-2, appendix B, and NIST's “SHA-2 Additional” examples. */
export const nistVectors: readonly (readonly [name: string, message: Buffer, digest: string])[] = [
  ["abc", Buffer.from("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "two blocks",
    Buffer.from("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [
    "896 bits",
    Buffer.from(
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" +
        "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    ),
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  ],
  [
    "no message",
    Buffer.alloc(0),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  ],
  ["byte bd", Buffer.of(0xbd), "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"],
  [
    "bytes c98c8e55",
    Buffer.from("c98c8e55", "hex"),
    "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504",
  ],
  [
    "55 zeros",
    Buffer.alloc(55),
    "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7",
  ],
  [
    "56 zeros",
    Buffer.alloc(56),
    "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb",
  ],
  [
    "57 zeros",
    Buffer.alloc(57),
    "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785",
  ],
  [
    "64 zeros",
    Buffer.alloc(64),
    "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b",
  ],
  [
    "1000 zeros",
    Buffer.alloc(1000),
    "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53",
  ],
  [
    "1000 times 41",
    Buffer.alloc(1000, 0x41),
    "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4",
  ],
  [
    "1005 times 55",
    Buffer.alloc(1005, 0x55),
    "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0",
  ],
  [
    "a million times a",
    Buffer.alloc(1_000_000, "a"),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  ],
  [
    "a million zeros",
    Buffer.alloc(1_000_000),
    "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025",
  ],
]

interface HmacVector {
  readonly name: string
  readonly key: Buffer
  readonly data: Buffer
  readonly mac: string
}

const hex = (text: string): Buffer => Buffer.from(text, "hex")

/** HMAC-SHA-256: RFC 4231, sections 4.2 to 4.8. */
export const rfc4231Vectors: readonly HmacVector[] = [
  {
    name: "4.2",
    key: Buffer.alloc(20, 0x0b),
    data: Buffer.from("Hi There"),
    mac: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  },
  {
    name: "4.3: a key shorter than the hash",
    key: Buffer.from("Jefe"),
    data: Buffer.from("what do ya want for nothing?"),
    mac: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  },
  {
    name: "4.4: key and data longer than a block together",
    key: Buffer.alloc(20, 0xaa),
    data: Buffer.alloc(50, 0xdd),
    mac: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  },
  {
    name: "4.5",
    key: hex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
    data: Buffer.alloc(50, 0xcd),
    mac: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  },
  {
    name: "4.6: truncated",
    key: Buffer.alloc(20, 0x0c),
    data: Buffer.from("Test With Truncation"),
    mac: "a3b6167473100ee06e0c796c2955552b",
  },
  {
    name: "4.7: a key longer than a block",
    key: Buffer.alloc(131, 0xaa),
    data: Buffer.from("Test Using Larger Than Block-Size Key - Hash Key First"),
    mac: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  },
  {
    name: "4.8: key and data longer than a block",
    key: Buffer.alloc(131, 0xaa),
    data: Buffer.from(
      "This is a test using a larger than block-size key and a larger than block-size data. " +
        "The key needs to be hashed before being used by the HMAC algorithm.",
    ),
    mac: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  },
]
