//! The pickle machine: a stack, marks and a memo. Every length is compared with the bytes that are
//! there, and nothing recurses, so depth costs nothing but its opcodes.

use std::collections::HashMap;

use super::value::{Name, Object};
use super::{Heap, Value, Why, call, opcode as op};

/// Most values on the stack at once.
const MOST_VALUES: usize = 1 << 19;
/// Most containers that are open at once: Python's own pickler stops at a depth of 1,000.
const MOST_MARKS: usize = 1 << 12;
/// Bytes that an entry of the memo takes.
const MEMO_ENTRY: usize = 96;

const BROKEN: &str = "is a broken pickle: copy or download it again";

/// The value of the pickle at the start of `bytes`, and the pickle's length in bytes.
pub fn unpickle<'a>(bytes: &'a [u8], heap: &mut Heap<'a>) -> Why<(Value, usize)> {
    let mut machine = Machine {
        input: Input { bytes, at: 0 },
        heap,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        let at = machine.input.at;
        let code = machine.input.byte()?;
        if code == op::STOP {
            return Ok((machine.pop()?, machine.input.at));
        }
        let done = machine.literal(code)?
            || machine.container(code)?
            || machine.memory(code)?
            || machine.object(code)?;
        if !done {
            return Err(format!(
                "has the byte {code:#04x} at {at} of its pickle, no opcode that \
                                torch.save writes: copy or download it again"
            ));
        }
    }
}

struct Machine<'a, 'h> {
    input: Input<'a>,
    heap: &'h mut Heap<'a>,
    stack: Vec<Value>,
    /// Heights of the stack where a container was opened.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

impl<'a> Machine<'a, '_> {
    fn push(&mut self, value: Value) -> Why<()> {
        if self.stack.len() >= MOST_VALUES {
            return Err("opens more values than a checkpoint needs".into());
        }
        self.stack.push(value);
        Ok(())
    }

    fn add(&mut self, object: Object<'a>) -> Why<()> {
        let value = self.heap.add(object)?;
        self.push(value)
    }

    /// The topmost value above the last mark.
    fn top(&self) -> Why<Value> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let above = self.stack.get(floor..).unwrap_or_default();
        above.last().copied().ok_or_else(|| BROKEN.into())
    }

    fn pop(&mut self) -> Why<Value> {
        let value = self.top()?;
        self.stack.pop();
        Ok(value)
    }

    /// The `N` topmost values.
    fn take<const N: usize>(&mut self) -> Why<[Value; N]> {
        let mut values = [Value::Plain; N];
        for value in values.iter_mut().rev() {
            *value = self.pop()?;
        }
        Ok(values)
    }

    /// The values above the last mark, which goes.
    fn take_marked(&mut self) -> Why<Vec<Value>> {
        let floor = self.marks.pop().ok_or(BROKEN)?;
        if floor > self.stack.len() {
            return Err(BROKEN.into());
        }
        Ok(self.stack.split_off(floor))
    }

    /// Numbers and text.
    fn literal(&mut self, code: u8) -> Why<bool> {
        let value = match code {
            op::NONE => Value::Plain,
            op::NEWTRUE => Value::Bool(true),
            op::NEWFALSE => Value::Bool(false),
            op::BININT => Value::Int(i64::from(i32::from_le_bytes(self.input.array()?))),
            op::BININT1 => Value::Int(i64::from(self.input.byte()?)),
            op::BININT2 => Value::Int(i64::from(u16::from_le_bytes(self.input.array()?))),
            op::LONG1 | op::LONG4 => {
                let wide = code == op::LONG4;
                let length =
                    if wide { self.input.length::<4>()? } else { self.input.length::<1>()? };
                integer(self.input.take(length)?)
            }
            op::BINFLOAT => self.skip(8)?,
            op::SHORT_BINBYTES => self.bytes::<1>()?,
            op::BINBYTES => self.bytes::<4>()?,
            op::BINBYTES8 | op::BYTEARRAY8 => self.bytes::<8>()?,
            op::SHORT_BINSTRING | op::SHORT_BINUNICODE => self.text::<1>()?,
            op::BINSTRING | op::BINUNICODE => self.text::<4>()?,
            op::BINUNICODE8 => self.text::<8>()?,
            _ => return Ok(false),
        };
        self.push(value)?;
        Ok(true)
    }

    fn skip(&mut self, length: usize) -> Why<Value> {
        self.input.take(length).map(|_| Value::Plain)
    }

    fn bytes<const N: usize>(&mut self) -> Why<Value> {
        let length = self.input.length::<N>()?;
        self.skip(length)
    }

    /// Text after a length of `N` bytes. What is not UTF-8 is the bytes of a Python 2 string.
    fn text<const N: usize>(&mut self) -> Why<Value> {
        let length = self.input.length::<N>()?;
        match str::from_utf8(self.input.take(length)?) {
            Ok(text) => self.heap.add(Object::Text(text)),
            Err(_) => Ok(Value::Plain),
        }
    }

    /// Tuples, lists, dicts and sets.
    fn container(&mut self, code: u8) -> Why<bool> {
        match code {
            op::EMPTY_TUPLE => self.add(Object::Tuple(Vec::new()))?,
            op::TUPLE1 => self.tuple::<1>()?,
            op::TUPLE2 => self.tuple::<2>()?,
            op::TUPLE3 => self.tuple::<3>()?,
            op::TUPLE => {
                let items = self.take_marked()?;
                self.add(Object::Tuple(items))?;
            }
            op::EMPTY_LIST => self.add(Object::List(Vec::new()))?,
            op::LIST => {
                let items = self.take_marked()?;
                self.add(Object::List(items))?;
            }
            op::APPEND => {
                let item = self.pop()?;
                self.heap.append(self.top()?, &[item])?;
            }
            op::APPENDS => {
                let items = self.take_marked()?;
                self.heap.append(self.top()?, &items)?;
            }
            op::EMPTY_DICT => self.add(Object::Dict(Vec::new()))?,
            op::DICT => {
                let items = self.take_marked()?;
                self.add(Object::Dict(Vec::new()))?;
                self.heap.set(self.top()?, &items)?;
            }
            op::SETITEM => {
                let items = self.take::<2>()?;
                self.heap.set(self.top()?, &items)?;
            }
            op::SETITEMS => {
                let items = self.take_marked()?;
                self.heap.set(self.top()?, &items)?;
            }
            // No set holds a tensor that anyone could name.
            op::EMPTY_SET => self.push(Value::Plain)?,
            op::ADDITEMS => drop(self.take_marked()?),
            op::FROZENSET => {
                self.take_marked()?;
                self.push(Value::Plain)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn tuple<const N: usize>(&mut self) -> Why<()> {
        let items = self.take::<N>()?;
        self.add(Object::Tuple(items.to_vec()))
    }

    /// Marks, memo, and what only shapes the stream.
    fn memory(&mut self, code: u8) -> Why<bool> {
        match code {
            op::MARK if self.marks.len() < MOST_MARKS => self.marks.push(self.stack.len()),
            op::MARK => return Err("is nested deeper than a checkpoint can be".into()),
            op::POP if self.marks.last() == Some(&self.stack.len()) => drop(self.marks.pop()),
            op::POP => drop(self.pop()?),
            op::POP_MARK => drop(self.take_marked()?),
            op::DUP => self.push(self.top()?)?,
            op::BINGET => {
                let key = u32::from(self.input.byte()?);
                self.recall(key)?;
            }
            op::LONG_BINGET => {
                let key = u32::from_le_bytes(self.input.array()?);
                self.recall(key)?;
            }
            op::BINPUT => {
                let key = u32::from(self.input.byte()?);
                self.memoize(key)?;
            }
            op::LONG_BINPUT => {
                let key = u32::from_le_bytes(self.input.array()?);
                self.memoize(key)?;
            }
            op::MEMOIZE => self.memoize(u32::try_from(self.memo.len()).map_err(|_| BROKEN)?)?,
            op::PROTO if matches!(self.input.byte()?, 2..=5) => {}
            op::PROTO => return Err("is a pickle of a protocol other than 2 to 5".into()),
            // A frame says how much can be read at once: all of it is here.
            op::FRAME => drop(self.input.array::<8>()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn recall(&mut self, key: u32) -> Why<()> {
        let value = self.memo.get(&key).copied().ok_or(BROKEN)?;
        self.push(value)
    }

    fn memoize(&mut self, key: u32) -> Why<()> {
        let value = self.top()?;
        if self.memo.insert(key, value).is_none() {
            self.heap.charge(MEMO_ENTRY)?;
        }
        Ok(())
    }

    /// Classes, functions, and what they would make.
    fn object(&mut self, code: u8) -> Why<bool> {
        match code {
            op::GLOBAL => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                self.add(Object::Global(Name { module, name }))?;
            }
            op::STACK_GLOBAL => {
                let [module, name] = self.take::<2>()?.map(|value| self.heap.text(value));
                let (module, name) = (module.ok_or(BROKEN)?, name.ok_or(BROKEN)?);
                self.add(Object::Global(Name { module, name }))?;
            }
            op::REDUCE => {
                let [callable, arguments] = self.take()?;
                let made = call::call(self.heap, callable, arguments)?;
                self.push(made)?;
            }
            op::NEWOBJ => {
                let [class, _] = self.take()?;
                let made = call::instance(self.heap, class)?;
                self.push(made)?;
            }
            op::NEWOBJ_EX => {
                let [class, _, _] = self.take()?;
                let made = call::instance(self.heap, class)?;
                self.push(made)?;
            }
            // The state of an object: attributes of an ordered dict, fields of opaque values.
            op::BUILD => drop(self.pop()?),
            op::BINPERSID => {
                let id = self.pop()?;
                let found = call::persistent(self.heap, id)?;
                self.push(found)?;
            }
            // Of protocol 0; PyTorch's ids are tuples, which this cannot be.
            op::PERSID => {
                self.input.line()?;
                self.push(Value::Plain)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// A little-endian integer in two's complement; one of more than eight bytes counts nothing.
fn integer(bytes: &[u8]) -> Value {
    let negative = bytes.last().is_some_and(|last| *last >= 0x80);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    match wide.get_mut(..bytes.len()) {
        Some(low) => {
            low.copy_from_slice(bytes);
            Value::Int(i64::from_le_bytes(wide))
        }
        None => Value::Plain,
    }
}

/// The bytes that are still to be read.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Why<&'a [u8]> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| {
            format!("is cut off at byte {} of its pickle: copy or download it again", self.at)
        })?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Why<[u8; N]> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| BROKEN.into())
    }

    fn byte(&mut self) -> Why<u8> {
        self.array().map(|[byte]| byte)
    }

    /// A length of `N` bytes.
    fn length<const N: usize>(&mut self) -> Why<usize> {
        let mut wide = [0; 8];
        wide[..N].copy_from_slice(&self.array::<N>()?);
        usize::try_from(u64::from_le_bytes(wide)).map_err(|_| BROKEN.into())
    }

    fn line(&mut self) -> Why<&'a str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        // A module and a name are short: a search that finds no end must not walk through gigabytes.
        let end = rest.iter().take(4096).position(|byte| *byte == b'\n').ok_or(BROKEN)?;
        let line = self.take(end + 1)?;
        str::from_utf8(&line[..end]).map_err(|_| BROKEN.into())
    }
}
