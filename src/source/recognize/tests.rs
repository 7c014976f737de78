#![allow(clippy::unwrap_used)]

use super::*;

fn known(bytes: &[u8]) -> Option<Known> {
    recognize(bytes, bytes.len() as u64)
}

/// What each door says, or that it lets the bytes in.
fn said(bytes: &[u8], door: Door) -> String {
    known(bytes).map_or("not known".into(), |known| known.refusal(door).unwrap_or("in".into()))
}

fn zip(names: &[&str]) -> Vec<u8> {
    let entry = |name: &&str| {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(26, 0);
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(name.as_bytes());
        bytes
    };
    names.iter().flat_map(entry).collect()
}

fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
    let field = |(tag, bytes): &(u8, &[u8])| [&[*tag, bytes.len() as u8][..], bytes].concat();
    fields.iter().flat_map(field).collect()
}

#[test]
fn what_is_read_comes_in_through_its_own_door() {
    let safetensors = b"\x40\0\0\0\0\0\0\0{\"fc.weight\":{\"dtype\":\"F32\"";
    let checkpoints: [&[u8]; 7] = [
        safetensors,
        &zip(&["archive/data.pkl", "archive/data/0"]),
        &zip(&["archive/data/0", "archive/data.pkl"]),
        &zip(&["archive/"]),
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e.\x80\x02M\xe9\x03.",
        b"\x80\x02",
        b"{\"metadata\": {}, \"weight_map\": {}}",
    ];
    for bytes in checkpoints {
        assert_eq!(said(bytes, Door::Checkpoint), "in", "{bytes:?}");
        assert!(!matches!(said(bytes, Door::Photo).as_str(), "in" | "not known"), "{bytes:?}");
    }
    for bytes in [
        &b"\xff\xd8\xff\xe0"[..],
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"GIF89a",
        b"P6 3 4 255\n",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"II*\0\x08\0\0\0",
        b"\xff\x0a\xfa",
        b"\x93NUMPY\x01\0",
    ] {
        assert_eq!(said(bytes, Door::Photo), "in", "{bytes:?}");
        assert!(said(bytes, Door::Checkpoint).contains("without --model"), "{bytes:?}");
    }
}

#[test]
fn an_onnx_file_is_a_network() {
    let rest = message(&[(0x12, b"pytorch"), (0x1a, b"2.1"), (0x3a, b"\x0a\x01x")]);
    let onnx = [&b"\x08\x08"[..], &rest].concat();
    assert_eq!(said(&onnx, Door::Checkpoint), "in");
    assert!(said(&onnx, Door::Photo).contains("an ONNX model, not a photo"));
}

#[test]
fn what_cannot_be_read_is_named_with_a_way_out() {
    let hdf5 = [&b"\x89HDF\r\n\x1a\n"[..], &[0; 64], b"model_weights"].concat();
    let mut tar = b"run7/best.pth".to_vec();
    tar.resize(512, 0);
    let sum: u32 = tar.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let dicom = [&[0; 128][..], b"DICM"].concat();
    let cases: &[(&[u8], &str, &str)] = &[
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "Git LFS", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "HTML", "download it again"),
        (b"<!-- saved --> <HTML lang=de>", "HTML", "download it again"),
        (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "server", "download"),
        (b"", "empty", "download it again"),
        (&[0; 5000], "zeros", "download it again"),
        (b"\x1f\x8b\x08\0", "gzip", "gunzip"),
        (b"BZh91AY&SY", "bzip2", "bunzip2"),
        (&tar, "tar archive", "tar xf"),
        (&zip(&["run7/best.pth"]), "ZIP", "unzip"),
        (&zip(&["x.npy"]), "npz", "numpy.save"),
    ];
    for (bytes, name, way) in cases {
        for door in [Door::Checkpoint, Door::Photo] {
            let said = said(bytes, door);
            assert!(said.contains(name) && said.contains(way), "{said}");
        }
    }
    let networks: &[(&[u8], &str)] = &[
        (&hdf5, "Keras"),
        (b"GGUF\x03\0\0\0", "GGUF"),
        (&zip(&["metadata.json", "config.json", "model.weights.h5"]), "Keras"),
        (b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
        (b"\x81\xa6params\x82\xa5layer\x81\xa6kernel\xc7\x08\x01", "Flax"),
        (b"(dp0\nVa\np1\ncnumpy._core.multiarray\n_reconstruct\n", "NumPy"),
        (b"ccopy_reg\n_reconstructor\np0\n", "pickle"),
        (b"\x80\x04\x95\0\0\0\0\0\0\0\0\x8c\x0esklearn.linear", "scikit-learn"),
    ];
    for (bytes, name) in networks {
        assert!(said(bytes, Door::Checkpoint).contains(name), "{}", said(bytes, Door::Checkpoint));
        assert!(said(bytes, Door::Photo).contains("supported: "), "{}", said(bytes, Door::Photo));
    }
    let pictures: &[(&[u8], &str)] = &[
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "CR3"),
        (b"\0\0\0\x18ftypisom\0\0\0\x01isommp41", "MP4"),
        (b"II*\0\x10\0\0\0CR\x02\0", "CR2"),
        (&dicom, "DICOM"),
        (b"%PDF-1.7", "PDF"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", "SVG"),
    ];
    for (bytes, name) in pictures {
        assert!(said(bytes, Door::Photo).contains(name), "{}", said(bytes, Door::Photo));
        assert!(said(bytes, Door::Checkpoint).contains(name), "{}", said(bytes, Door::Checkpoint));
    }
    assert!(said(b"Entry not found\n", Door::Photo).contains("\"Entry not found\""));
}

#[test]
fn a_raw_photo_is_told_from_a_picture_of_the_same_maker() {
    let tiff = |entries: &[(u16, u16, u32, u32)]| {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes
    };
    let make = |entries: &[(u16, u16, u32, u32)]| {
        let mut bytes = tiff(entries);
        let at = bytes.len() as u32;
        bytes.extend(b"NIKON CORPORATION\0");
        let place = bytes.windows(2).position(|b| b == 271u16.to_le_bytes()).unwrap() + 8;
        bytes[place..place + 4].copy_from_slice(&at.to_le_bytes());
        bytes
    };
    let raw = make(&[(254, 4, 1, 1), (271, 2, 18, 0), (330, 4, 2, 500)]);
    assert!(said(&raw, Door::Photo).contains("NEF"));
    assert_eq!(said(&make(&[(254, 4, 1, 0), (271, 2, 18, 0)]), Door::Photo), "in");
    assert!(said(&tiff(&[(50706, 1, 4, 0x401)]), Door::Photo).contains("DNG"));
}

#[test]
fn only_the_beginning_of_a_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.pth");
    // Sparse: nothing is written.
    std::fs::File::create(&path).unwrap().set_len(7_500_000_000).unwrap();
    assert_eq!(peek(&path).unwrap().bytes.len(), HEAD);
    let error = refuse_as_checkpoint(&path).unwrap_err().to_string();
    assert!(error.contains("filled with zeros"), "{error}");
}

#[test]
fn names_help_where_bytes_say_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ckpt-7.data-00000-of-00001");
    std::fs::write(&path, [0x9c; 300]).unwrap();
    let error = refuse_as_checkpoint(&path).unwrap_err().to_string();
    assert!(error.contains("TensorFlow checkpoint"), "{error}");
    let saved = folder.path().join("saved");
    std::fs::create_dir(&saved).unwrap();
    std::fs::write(saved.join("saved_model.pb"), b"x").unwrap();
    let error = refuse_as_checkpoint(&saved).unwrap_err().to_string();
    assert!(error.contains("SavedModel"), "{error}");
    std::fs::write(saved.join("model.safetensors"), b"x").unwrap();
    refuse_as_checkpoint(&saved).unwrap();
}

#[test]
fn any_bytes_are_taken() {
    let mut random = crate::base::Random::new(7);
    for _ in 0..3000 {
        let mut bytes: Vec<u8> = (0..random.below(700)).map(|_| random.below(256) as u8).collect();
        // Half of them begin as something that has structure.
        let starts: [&[u8]; 8] = [
            b"PK\x03\x04",
            b"II*\0\x08\0\0\0",
            b"\0\0\0\x18ftyp",
            b"\x08\x07",
            b"\x0a\x20\x0a\x04",
            b"\x81\xa6",
            b"RIFF",
            b"<!--",
        ];
        let start = starts[random.below(starts.len())];
        let end = start.len().min(bytes.len());
        bytes[..end].copy_from_slice(&start[..end]);
        for door in [Door::Checkpoint, Door::Photo] {
            let _ = said(&bytes, door);
        }
    }
}
