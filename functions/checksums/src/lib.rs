//! The checksums of S3's client, in the place of the crate `crc-fast` 1.10.
//!
//! That crate carries tables of 8 to 32 KB for each of some fifty checksums and picks one while it
//! runs, so that no linker can leave any out: 600 KB that don't compress, in an artifact whose size
//! is start-up time (`docs/decisions/0019-artifacts.md`). `aws-smithy-checksums` uses three of them,
//! and of its interface what stands here. What else is used doesn't compile.
//!
//! The parameters are those of the catalogue of parametrised CRC algorithms by G. Cook
//! (reveng.sourceforge.io): CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME.

/// A checksum that S3 knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// `x-amz-checksum-crc32`, which the SDK sends by itself.
    Crc32IsoHdlc,
    /// `x-amz-checksum-crc32c`.
    Crc32Iscsi,
    /// `x-amz-checksum-crc64nvme`, which S3 adds by itself to what was stored without any.
    Crc64Nvme,
}

/// A checksum over bytes that come in pieces.
#[derive(Debug, Clone)]
pub struct Digest(State);

#[derive(Debug, Clone)]
enum State {
    IsoHdlc(crc32fast::Hasher),
    /// The register, from the least significant bit, and the table that moves it on by a byte.
    Reflected {
        register: u64,
        table: &'static [u64; 256],
        mask: u64,
    },
}

/// The polynomials, their bits in reverse.
const ISCSI: u64 = 0x82F6_3B78;
const NVME: u64 = 0x9A6C_9329_AC4B_C9B5;

static ISCSI_TABLE: [u64; 256] = table(ISCSI);
static NVME_TABLE: [u64; 256] = table(NVME);

impl Digest {
    /// The checksum of nothing yet.
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::IsoHdlc(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => reflected(&ISCSI_TABLE, u64::from(u32::MAX)),
            CrcAlgorithm::Crc64Nvme => reflected(&NVME_TABLE, u64::MAX),
        })
    }

    /// Takes the next bytes in. About 400 MB/s where no instruction of the processor does it.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::IsoHdlc(hasher) => hasher.update(data),
            State::Reflected { register, table, .. } => {
                *register = data.iter().fold(*register, |register, byte| {
                    let index = (register ^ u64::from(*byte)) & 0xFF;
                    (register >> 8) ^ table[usize::try_from(index).expect("a byte is an index")]
                });
            }
        }
    }

    /// The checksum of all that came; of 32 bits, in the lower half.
    pub fn finalize(&self) -> u64 {
        match &self.0 {
            State::IsoHdlc(hasher) => u64::from(hasher.clone().finalize()),
            State::Reflected { register, mask, .. } => register ^ mask,
        }
    }
}

const fn reflected(table: &'static [u64; 256], mask: u64) -> State {
    State::Reflected { register: mask, table, mask }
}

/// What each byte leaves in the register (a reflected CRC, a byte at a time).
const fn table(polynomial: u64) -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut register = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            register = (register >> 1) ^ (polynomial * (register & 1));
            bit += 1;
        }
        table[byte] = register;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(algorithm: CrcAlgorithm, data: &[u8]) -> u64 {
        let mut digest = Digest::new(algorithm);
        digest.update(data);
        digest.finalize()
    }

    /// The catalogue gives each algorithm's checksum of the nine digits.
    #[test]
    fn the_catalogues_check_values_come_out() {
        let digits = b"123456789";
        assert_eq!(of(CrcAlgorithm::Crc32IsoHdlc, digits), 0xCBF4_3926);
        assert_eq!(of(CrcAlgorithm::Crc32Iscsi, digits), 0xE306_9283);
        assert_eq!(of(CrcAlgorithm::Crc64Nvme, digits), 0xAE8B_1486_0A79_9888);
    }

    /// RFC 3720, appendix B.4.
    #[test]
    fn iscsi_s_own_examples_come_out() {
        assert_eq!(of(CrcAlgorithm::Crc32Iscsi, &[0; 32]), 0x8A91_36AA);
        assert_eq!(of(CrcAlgorithm::Crc32Iscsi, &[0xFF; 32]), 0x62A8_AB43);
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let data: Vec<u8> = (0..10_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for algorithm in [CrcAlgorithm::Crc32IsoHdlc, CrcAlgorithm::Crc32Iscsi, CrcAlgorithm::Crc64Nvme] {
            for size in [1, 7, 64, 4096] {
                let mut digest = Digest::new(algorithm);
                data.chunks(size).for_each(|piece| digest.update(piece));
                assert_eq!(digest.finalize(), of(algorithm, &data), "{algorithm:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn nothing_has_the_checksum_zero() {
        for algorithm in [CrcAlgorithm::Crc32IsoHdlc, CrcAlgorithm::Crc32Iscsi, CrcAlgorithm::Crc64Nvme] {
            assert_eq!(Digest::new(algorithm).finalize(), 0);
        }
    }
}
