//! Damage to the files of a stopped cluster: what disks, file systems and copies do.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};

use anyhow::{Context, Result, ensure};

use crate::machine::Cluster;

/// PostgreSQL's page, in bytes, as Debian and RDS build it.
const PAGE: usize = 8192;
/// Where a page's line pointers begin (`PageHeaderData`, `src/include/storage/bufpage.h`).
const LINE_POINTERS: usize = 24;
/// Where `t_infomask2` stands in a row's header (`HeapTupleHeaderData`, `src/include/access/htup_details.h`).
const INFOMASK2: usize = 18;

/// A change to a relation's main file.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    /// The lowest bit of the first byte of a text, where it first stands in the file.
    FlipBitIn(&'static str),
    /// A bit of the number of columns in the header of a block's first row, which makes it too large.
    FlipBitOfHeader {
        /// The block.
        block: usize,
    },
    /// A block of zeros, as a file system leaves it that lost a write.
    Zero {
        /// The block.
        block: usize,
    },
    /// The same with the last block.
    ZeroLast,
    /// The file ends before this block.
    CutBefore {
        /// The block.
        block: usize,
    },
    /// The second file of a relation above 1 GB is gone.
    RemoveSecondSegment,
}

/// Changes the file of a relation, by its path in the data directory.
pub fn edit(cluster: &Cluster, relation: &str, edit: Edit) -> Result<()> {
    let path = cluster.file(relation);
    match edit {
        Edit::FlipBitIn(text) => {
            let file = fs::read(&path)?;
            let place = file.windows(text.len()).position(|window| window == text.as_bytes());
            let place = place.with_context(|| format!("{text} doesn't stand in the relation"))?;
            write_at(cluster, relation, place, &[file[place] ^ 1])
        }
        Edit::FlipBitOfHeader { block } => {
            let page = read_block(cluster, relation, block)?;
            let pointer: [u8; 4] = page[LINE_POINTERS..LINE_POINTERS + 4].try_into()?;
            // The lower 15 bits are the row's offset in the page.
            let row = usize::try_from(u32::from_ne_bytes(pointer) & 0x7fff)?;
            let high_byte = row + INFOMASK2 + 1;
            // The lower 11 bits of the two bytes are the number of columns.
            write_at(cluster, relation, block * PAGE + high_byte, &[page[high_byte] ^ 0x04])
        }
        Edit::ZeroLast => {
            let length = usize::try_from(fs::metadata(&path)?.len())?;
            write_at(cluster, relation, length - PAGE, &[0; PAGE])
        }
        Edit::Zero { block } => {
            ensure!(read_block(cluster, relation, block)?.iter().any(|b| *b != 0), "it is empty already");
            write_at(cluster, relation, block * PAGE, &[0; PAGE])
        }
        Edit::CutBefore { block } => {
            let length = u64::try_from(block * PAGE)?;
            ensure!(fs::metadata(&path)?.len() > length, "it is shorter already");
            Ok(OpenOptions::new().write(true).open(&path)?.set_len(length)?)
        }
        Edit::RemoveSecondSegment => Ok(fs::remove_file(cluster.file(&format!("{relation}.1")))?),
    }
}

/// Makes a relation's file as long as that many blocks with zeros, which take no place on the disk: blocks
/// that the server once asked for and never wrote.
pub fn extend(cluster: &Cluster, relation: &str, blocks: u64) -> Result<()> {
    let file = OpenOptions::new().write(true).open(cluster.file(relation))?;
    Ok(file.set_len(blocks * u64::try_from(PAGE)?)?)
}

fn read_block(cluster: &Cluster, relation: &str, block: usize) -> Result<Vec<u8>> {
    let mut file = fs::File::open(cluster.file(relation))?;
    file.seek(SeekFrom::Start(u64::try_from(block * PAGE)?))?;
    let mut page = vec![0; PAGE];
    file.read_exact(&mut page).with_context(|| format!("there is no block {block}"))?;
    Ok(page)
}

fn write_at(cluster: &Cluster, relation: &str, place: usize, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new().write(true).open(cluster.file(relation))?;
    file.seek(SeekFrom::Start(u64::try_from(place)?))?;
    Ok(file.write_all(bytes)?)
}
