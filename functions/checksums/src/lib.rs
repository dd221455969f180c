//! The checksums of S3's client, in the place of the crate `crc-fast` 1.10.
//!
//! That crate carries tables of 8 to 32 KB for each of some fifty checksums and picks one while it
//! runs, so that no linker can leave any out: 600 KB that don't compress, in an artifact whose size
//! is start-up time (`docs/decisions/0019-artifacts.md`). `aws-smithy-checksums` uses three of them,
//! and of its interface what stands here. What else is used doesn't compile.
//!
//! Nothing is computed here: the crates `crc32fast` and `crc` do, the latter by the catalogue of
//! parametrised CRC algorithms that it brings.

use crc::{CRC_32_ISCSI, CRC_64_NVME, Crc};

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

static ISCSI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
static NVME: Crc<u64> = Crc::<u64>::new(&CRC_64_NVME);

/// A checksum over bytes that come in pieces.
#[derive(Clone)]
pub struct Digest(Running);

#[derive(Clone)]
enum Running {
    IsoHdlc(crc32fast::Hasher),
    Iscsi(crc::Digest<'static, u32>),
    Nvme(crc::Digest<'static, u64>),
}

impl Digest {
    /// The checksum of nothing yet.
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => Running::IsoHdlc(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => Running::Iscsi(ISCSI.digest()),
            CrcAlgorithm::Crc64Nvme => Running::Nvme(NVME.digest()),
        })
    }

    /// Takes the next bytes in.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            Running::IsoHdlc(running) => running.update(data),
            Running::Iscsi(running) => running.update(data),
            Running::Nvme(running) => running.update(data),
        }
    }

    /// The checksum of all that came; of 32 bits, in the lower half.
    pub fn finalize(&self) -> u64 {
        match self.0.clone() {
            Running::IsoHdlc(running) => u64::from(running.finalize()),
            Running::Iscsi(running) => u64::from(running.finalize()),
            Running::Nvme(running) => running.finalize(),
        }
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Digest").field(&format_args!("{:#x}", self.finalize())).finish()
    }
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
