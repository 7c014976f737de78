//! Which of the CPU's instructions the fast backend uses.

use crate::base::clean;
use crate::engine::EngineError;
use crate::engine::fast::kernels::Isa;

/// Names a lower instruction set than the machine's best.
const VARIABLE: &str = "CONVSCOPE_ISA";

/// The best that the machine has, or the one that `CONVSCOPE_ISA` names.
///
/// # Errors
/// When the machine has none of that name.
pub fn isa() -> Result<Isa, EngineError> {
    choose(std::env::var(VARIABLE).ok().as_deref(), &Isa::available())
}

fn choose(wish: Option<&str>, available: &[Isa]) -> Result<Isa, EngineError> {
    let found = match wish {
        None | Some("") => available.first(),
        Some(wish) => available.iter().find(|isa| isa.name() == wish),
    };
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = available.iter().map(|isa| isa.name()).collect();
        let wish = clean(wish.unwrap_or_default());
        EngineError::NoDevice(format!(
            "{VARIABLE}={wish}: not available; this machine supports {}",
            names.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_lower_set_is_taken_by_its_name_and_an_unknown_one_refused() {
        let all = Isa::available();
        assert_eq!(choose(None, &all).unwrap(), all[0]);
        assert_eq!(choose(Some("scalar"), &all).unwrap(), Isa::Scalar);
        let refused = choose(Some("mmx"), &all).unwrap_err().to_string();
        assert!(
            refused.starts_with("CONVSCOPE_ISA=mmx: not available; this machine supports"),
            "{refused}"
        );
        assert!(refused.ends_with("scalar"), "{refused}");
    }
}
