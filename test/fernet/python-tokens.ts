/** Tokens that Python's `cryptography` 48.0.0 wrote, so that reading them needs no Python. */

export const PYTHON_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
export const PYTHON_OLD_KEY = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM="

/** The timestamp of every token here. */
export const PYTHON_TIME = 1700000000

/** Written by `Fernet(PYTHON_KEY)`. */
export const pythonTexts = [
  {
    name: "no bytes",
    text: "",
    token:
      "gAAAAABlU_EAqxd_8KAOVV--oNjrLjpxPhC6kiktzW0c4F4kB1dFJ2rqExXxLEfpcFa6udTRD6gT0kqOsXyPVVQ6SH3suP00Ng==",
  },
  {
    name: "ASCII text",
    text: "123-45-6789",
    token:
      "gAAAAABlU_EAjJ9KVPzLAGkbKhBOP3ZJTCAbP1O6EbW9lcSLS2FQAAC-DRoouNyP-U91baj8Bzd5AFabiJ-KNGLGxOQWTiW81Q==",
  },
  {
    name: "text beyond ASCII",
    text: "Zoë 👩\u200d🔬 漢字",
    token:
      "gAAAAABlU_EALJsNLhop6WvYmPqZOoxxlxeVsxvtSmteldVilAjszE664tk0TjLmRp2VgLEzbdzpl61MgNhKSg3bCk2VcG7vrMl_K7VoVssbsq76X-n_Fq4=",
  },
  {
    name: "a whole block",
    text: "0123456789abcdef",
    token:
      "gAAAAABlU_EAz5U3v4eiUvK2shuRHP3HXYVKp2oGcU9TWY4p-eRbrxf4eZL5VmnfU3ebSg90Ky0l2rdg-dVzJ4et2IS3TgOrsWct2gGbdPL2lGirT-adyIE=",
  },
  {
    name: "a long text",
    text: "The patient was seen on time. ".repeat(12),
    token:
      "gAAAAABlU_EAMofBCRxK-Qw64GTbUAH10H7J2bjM3gekObbNykNfHFlIlrgGWBlfZwMbYbithZElM6mANfpQzEVYzy0fjW5ToVrcvJSzC0IfqiR5mh3xzEFKPyPz8bHxIs_xq8pM_zflvt-M_MZdiH6lNqLuMXeWpx_EIRQv6WTXdmdn6F98xteZ0gAbNqPUuYV_9YKGrjnvq9Donc2Z7-5MSDuczChlHSEA3JBu_kp6TdA-Ip8mRVCVVdpSBLgF3ABKwDH92I6-K5lnQIFbsTNHWwJOASOyvkfFOkhCr30IL_u3tubqAzDwdUnyhKQRwhDguAe6LNGoR_WsoFJGNC-Qc2Id1IleDm0vb_J_H-N9GtMJq7mz6noHddEpE4Ic-mEgpKC4ojwso9eDo147Nd4OV4nqVLPb0ufA66p6s6Dremf2oaUgPXWsvLaXdKgPsgjQaMhPCE1AapRR7Ru-XGkEf96BvZS5yDU9W9bO1KGwtNaPNK3A9NPC67E_UaFcf-62rSsrZPH5vDZMkxrCG2Ml7-4hbzGN32cHQi-NrlymsDCWUMhjPTc=",
  },
] as const

/** The bytes ff fe 00 01 80, which are not UTF-8. */
export const pythonBytes =
  "gAAAAABlU_EAaGf5WWJZBfYV6QLRuHUIyFu7abbrs1p3uTRCLS4Z_M_b_EKUeXVnqZkxj_xqE7ajYtlRgwrQ_yWI6rRJeMcO2w=="

/** "123-45-6789", written under `PYTHON_OLD_KEY`, then rotated to `PYTHON_KEY` by `MultiFernet`. */
export const pythonRotated = {
  before:
    "gAAAAABlU_EAJbZPqjh1KzHUih4jJniZ8vh0pMz0bfWx7SNysr5PWsIaLKmpfaubaU_d8Xu5r14L-DMBadchUgRr-Y7C8tKZZw==",
  after:
    "gAAAAABlU_EAMgsFNVcNpg6lv7DAlbnH_p91gLZOYKfxQ1tUJ9NIFaaSCrOxA7Pz4SAB0YllaO6XSklb7ldFRnmuPi8wFtg8Zg==",
} as const
