//! Magic numbers: bytes at a fixed place that say what a file is.

use std::path::Path;

use super::Kind::{Array, Other, OtherNetwork, OtherPicture, Picture, Wrapper};
use super::{Format, Kind, Known};

/// For networks that began as something else.
pub(super) const ORIGIN: &str =
    "open the PyTorch or safetensors file that it was made from (.pth, .pt, .safetensors)";
/// For networks of other frameworks.
pub(super) const FRAMEWORK: &str = "only PyTorch's checkpoints and safetensors files are read; look for the network's \
                                    PyTorch weights";
/// For pictures that a viewer or editor can write again.
pub(super) const CONVERT: &str = "this format is not read; save it as PNG or JPEG";
const DEVELOP: &str = "this format is not read; develop it to JPEG, TIFF or PNG (darktable, RawTherapee, the camera's program)";
const FRAME: &str =
    "save the frame that you want as a picture (ffmpeg -i FILE -frames:v 1 frame.png)";

/// Bytes at a place, and what they mean.
struct Signature {
    at: usize,
    magic: &'static [u8],
    name: &'static str,
    kind: Kind,
}

const fn row(at: usize, magic: &'static [u8], name: &'static str, kind: Kind) -> Signature {
    Signature { at, magic, name, kind }
}

#[rustfmt::skip]
const SIGNATURES: &[Signature] = &[
    // Pictures that are read. RIFF, TIFF and ISO media are in `media`.
    row(0, b"\xff\xd8\xff", "a JPEG picture", Picture(Format::Jpeg)),
    row(12, b"CgBI", "a PNG picture that Xcode has changed for iOS", OtherPicture("open the original, or undo it with `pngcrush -revert-iphone-optimizations`")),
    row(0, b"\x89PNG\r\n\x1a\n", "a PNG picture", Picture(Format::Png)),
    row(0, b"GIF87a", "a GIF picture", Picture(Format::Gif)),
    row(0, b"GIF89a", "a GIF picture", Picture(Format::Gif)),
    row(0, b"\xff\x0a", "a JPEG XL picture", Picture(Format::JpegXl)),
    row(0, b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture", Picture(Format::JpegXl)),
    row(0, b"\x93NUMPY", "a NumPy array", Array),
    // Pictures that are not.
    row(0, b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture", OtherPicture(CONVERT)),
    row(0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture", OtherPicture(CONVERT)),
    row(128, b"DICM", "a DICOM image", OtherPicture("save its pixels as .npy or PNG (pydicom: numpy.save(\"x.npy\", dcmread(\"FILE\").pixel_array))")),
    row(0, b"FUJIFILMCCD-RAW", "a raw photo (RAF)", OtherPicture(DEVELOP)),
    row(0, b"FOVb", "a raw photo (X3F)", OtherPicture(DEVELOP)),
    row(0, b"\0MRM", "a raw photo (MRW)", OtherPicture(DEVELOP)),
    row(6, b"HEAPCCDR", "a raw photo (CRW)", OtherPicture(DEVELOP)),
    row(0, b"IIU\0", "a raw photo (RW2)", OtherPicture(DEVELOP)),
    row(0, b"IIRO", "a raw photo (ORF)", OtherPicture(DEVELOP)),
    row(0, b"IIRS", "a raw photo (ORF)", OtherPicture(DEVELOP)),
    row(0, b"MMOR", "a raw photo (ORF)", OtherPicture(DEVELOP)),
    row(0, b"8BPS", "a Photoshop document", OtherPicture(CONVERT)),
    row(0, b"gimp xcf", "a GIMP document", OtherPicture(CONVERT)),
    row(0, b"%PDF-", "a PDF document", OtherPicture("turn the page into a picture (pdftoppm -png FILE page)")),
    row(0, b"%!PS", "a PostScript document", OtherPicture("turn it into a picture (gs -sDEVICE=png16m -o page.png FILE)")),
    row(0, b"\x76\x2f\x31\x01", "an OpenEXR picture", OtherPicture(CONVERT)),
    row(0, b"#?RADIANCE", "a Radiance HDR picture", OtherPicture(CONVERT)),
    row(0, b"#?RGBE", "a Radiance HDR picture", OtherPicture(CONVERT)),
    row(0, b"qoif", "a QOI picture", OtherPicture(CONVERT)),
    row(0, b"\0\0\x01\0", "an icon (ICO)", OtherPicture(CONVERT)),
    row(0, b"\0\0\x02\0", "a cursor (CUR)", OtherPicture(CONVERT)),
    row(0, b"icns", "an icon (ICNS)", OtherPicture(CONVERT)),
    row(0, b"DDS ", "a DDS texture", OtherPicture(CONVERT)),
    row(0, b"BPG\xfb", "a BPG picture", OtherPicture(CONVERT)),
    row(0, b"FLIF", "a FLIF picture", OtherPicture(CONVERT)),
    row(0, b"farbfeld", "a farbfeld picture", OtherPicture(CONVERT)),
    row(0, b"\x59\xa6\x6a\x95", "a Sun raster picture", OtherPicture(CONVERT)),
    row(0, b"\x0a\x05\x01", "a PCX picture", OtherPicture(CONVERT)),
    row(0, b"AT&TFORM", "a DjVu document", OtherPicture(CONVERT)),
    row(0, b"\x8aMNG\r\n\x1a\n", "an MNG animation", OtherPicture(CONVERT)),
    row(0, b"\x8bJNG\r\n\x1a\n", "a JNG picture", OtherPicture(CONVERT)),
    row(0, b"SIMPLE  =", "a FITS image", OtherPicture(NUMBERS)),
    row(344, b"n+1\0", "a NIfTI volume", OtherPicture(NUMBERS)),
    row(344, b"ni1\0", "a NIfTI volume", OtherPicture(NUMBERS)),
    row(4, b"n+2\0\r\n\x1a\n", "a NIfTI volume", OtherPicture(NUMBERS)),
    row(0, b"NRRD000", "an NRRD volume", OtherPicture(NUMBERS)),
    row(0, b"ZISRAWFILE", "a microscope image (CZI)", OtherPicture(CONVERT)),
    row(0, b"\xda\xce\xbe\x0a", "a microscope image (ND2)", OtherPicture(CONVERT)),
    row(0, b"\x1a\x45\xdf\xa3", "a video (Matroska, WebM)", OtherPicture(FRAME)),
    row(0, b"FLV\x01", "a video (FLV)", OtherPicture(FRAME)),
    row(0, b"\0\0\x01\xba", "a video (MPEG)", OtherPicture(FRAME)),
    row(0, b"\0\0\x01\xb3", "a video (MPEG)", OtherPicture(FRAME)),
    row(0, b"OggS", "an Ogg video or audio file", OtherPicture(FRAME)),
    row(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video (WMV)", OtherPicture(FRAME)),
    // Networks of others.
    row(0, b"GGUF", "a GGUF model", OtherNetwork(ORIGIN)),
    row(0, b"lmgg", "a GGML model", OtherNetwork(ORIGIN)),
    row(0, b"fmgg", "a GGML model", OtherNetwork(ORIGIN)),
    row(0, b"tjgg", "a GGML model", OtherNetwork(ORIGIN)),
    row(4, b"TFL3", "a TensorFlow Lite model", OtherNetwork(FRAMEWORK)),
    row(4, b"ET12", "an ExecuTorch program", OtherNetwork(ORIGIN)),
    row(4, b"ORTM", "an ONNX Runtime model", OtherNetwork(ORIGIN)),
    row(0, b"ftrt", "a TensorRT engine", OtherNetwork(ORIGIN)),
    row(0, b"ptrt", "a TensorRT engine", OtherNetwork(ORIGIN)),
    row(0, b"RKNN", "an RKNN model", OtherNetwork(ORIGIN)),
    row(0, b"7767517\n", "the layers of an ncnn model (.param)", OtherNetwork(ORIGIN)),
    row(0, b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "the parameters of an MXNet model", OtherNetwork(FRAMEWORK)),
    row(0, b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1", "a model of Torch 7 (Lua)", OtherNetwork(FRAMEWORK)),
    row(0, b"MATLAB 5.0 MAT-file", "a MATLAB file", OtherNetwork(FRAMEWORK)),
    row(0, b"MATLAB 7.3 MAT-file", "a MATLAB file", OtherNetwork(FRAMEWORK)),
    row(0, b"\0\0\0\0\x02\0\0\0\x05\0\0\0", "the weights of a Darknet model", OtherNetwork(FRAMEWORK)),
    row(0, b"\0\0\0\0\x02\0\0\0\0\0\0\0", "the weights of a Darknet model", OtherNetwork(FRAMEWORK)),
    row(0, b"\0\0\0\0\x01\0\0\0\0\0\0\0", "the weights of a Darknet model", OtherNetwork(FRAMEWORK)),
    // What holds a file or stands for one.
    row(0, b"\x1f\x8b\x08", "compressed by gzip", Wrapper("decompress it (gunzip FILE)")),
    row(4, b"1AY&SY", "compressed by bzip2", Wrapper("decompress it (bunzip2 FILE)")),
    row(0, b"\xfd7zXZ\0", "compressed by xz", Wrapper("decompress it (unxz FILE)")),
    row(0, b"\x28\xb5\x2f\xfd", "compressed by zstd", Wrapper("decompress it (unzstd FILE)")),
    row(0, b"\x04\x22\x4d\x18", "compressed by LZ4", Wrapper("decompress it (unlz4 FILE)")),
    row(0, b"\x1f\x9d", "compressed by compress", Wrapper("decompress it (uncompress FILE)")),
    row(0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", Wrapper("unpack it (7z x FILE) and open what is in it")),
    row(0, b"Rar!\x1a\x07", "a RAR archive", Wrapper("unpack it (unrar x FILE) and open what is in it")),
    row(0, b"\0\x05\x16\x07", "what macOS writes beside a file on other systems' disks", Wrapper("open the file whose name lacks the \"._\"")),
    row(0, b"Salted__", "encrypted by OpenSSL", Wrapper("decrypt it first")),
    row(0, b"\x85\x01", "encrypted by GnuPG", Wrapper("decrypt it first")),
    // Neither.
    row(0, b"PAR1", "a Parquet table", Wrapper("its rows hold the pictures: save one as a file (datasets, pandas)")),
    row(0, b"ARROW1", "an Arrow table", Wrapper("its rows hold the pictures: save one as a file (datasets, pandas)")),
    row(0, b"SQLite format 3\0", "an SQLite database", Other),
    row(0, b"\x7fELF", "a program or library", Other),
    row(0, b"MZ", "a program or library", Other),
    row(0, b"\xcf\xfa\xed\xfe", "a program or library", Other),
    row(0, b"\0asm", "a program (WebAssembly)", Other),
    row(0, b"ID3", "an audio file (MP3)", Other),
    row(0, b"fLaC", "an audio file (FLAC)", Other),
    row(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document", Other),
];

const NUMBERS: &str = "this format is not read; save the slice that you want as .npy or PNG";

/// What the magic numbers say.
pub(super) fn recognize(head: &[u8]) -> Option<Known> {
    if let Some(known) = bitmap(head).or_else(|| netpbm(head)) {
        return Some(known);
    }
    let fits =
        |row: &&Signature| head.get(row.at..).is_some_and(|rest| rest.starts_with(row.magic));
    let row = SIGNATURES.iter().find(fits)?;
    Some(Known::new(row.name, row.kind))
}

/// `BM` alone may begin a text: the length of the header after it tells.
fn bitmap(head: &[u8]) -> Option<Known> {
    let length = head.strip_prefix(b"BM")?.get(12..16)?.try_into().ok().map(u32::from_le_bytes)?;
    let known = matches!(length, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124);
    known.then_some(Known::new("a BMP picture", Picture(Format::Bmp)))
}

/// `P1` to `P6` and white space; PAM (`P7`) and PFM have the same beginning.
fn netpbm(head: &[u8]) -> Option<Known> {
    let [b'P', kind, space, ..] = head else { return None };
    if !space.is_ascii_whitespace() && *space != b'#' {
        return None;
    }
    match kind {
        b'1'..=b'6' => Some(Known::new("a PPM picture", Picture(Format::Pnm))),
        b'7' => Some(Known::new("a PAM picture", OtherPicture(CONVERT))),
        b'F' | b'f' => Some(Known::new("a PFM picture", OtherPicture(CONVERT))),
        _ => None,
    }
}

/// Endings of formats without a magic number, for files whose bytes say nothing.
const ENDINGS: [(&str, &str, Kind); 9] = [
    (".caffemodel", "a Caffe model", OtherNetwork(FRAMEWORK)),
    (".pdiparams", "the parameters of a PaddlePaddle model", OtherNetwork(FRAMEWORK)),
    (".pdmodel", "a PaddlePaddle model", OtherNetwork(FRAMEWORK)),
    (".engine", "a TensorRT engine", OtherNetwork(ORIGIN)),
    (".index", "the index of a TensorFlow checkpoint", OtherNetwork(FRAMEWORK)),
    (".meta", "the graph of a TensorFlow checkpoint", OtherNetwork(FRAMEWORK)),
    (".weights", "the weights of a Darknet model", OtherNetwork(FRAMEWORK)),
    (".tga", "a TGA picture", OtherPicture(CONVERT)),
    (".mlmodel", "a Core ML model", OtherNetwork(ORIGIN)),
];

/// What a file's name says.
pub(super) fn by_name(path: &Path) -> Option<Known> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    if name.contains(".data-") && name.contains("-of-") {
        return Some(Known::new("the data of a TensorFlow checkpoint", OtherNetwork(FRAMEWORK)));
    }
    let (_, name, kind) = ENDINGS.iter().find(|(ending, _, _)| name.ends_with(ending))?;
    Some(Known::new(name, *kind))
}
