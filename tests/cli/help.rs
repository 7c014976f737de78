//! `help` and `--help`: a page of the command's own flags.

use crate::bench::Bench;

fn page(line: &[&str]) -> String {
    Bench::new().run(line).ok().out
}

#[test]
fn both_ways_to_ask_give_the_same_page() {
    for command in ["explain", "maps", "doctor", "help", "man"] {
        let one = page(&["help", command]);
        assert_eq!(one, page(&[command, "--help"]));
        assert_eq!(one, page(&[command, "-h"]));
        assert_eq!(one, page(&["--help", command]));
        assert!(one.contains(&format!("Usage: convscope {command}")), "{one}");
    }
    assert_eq!(page(&["help"]), page(&["--help"]));
}

#[test]
fn a_page_describes_the_commands_own_flags_and_names_the_others() {
    let explain = page(&["help", "explain"]);
    let [own, shared] = explain.split("\nShared flags").collect::<Vec<_>>()[..] else {
        panic!("{explain}");
    };
    for flag in ["--method <M>", "--unit <C,Y,X>", "-o, --output <FILE>", "--raw", "--json"] {
        assert!(own.contains(flag), "{flag} in {own}");
    }
    for flag in ["--model", "--offline", "--mean", "--device", "--knock-out", "--graphics"] {
        assert!(
            !own.contains(&format!(" {flag} ")) && shared.contains(flag),
            "{flag} in {explain}"
        );
    }
    assert!(!shared.contains("--sort"), "{shared}");
    assert!(explain.lines().all(|line| line.chars().count() <= 80), "{explain}");
    assert!(!explain.contains("[default: false]"), "{explain}");
    let flags = page(&["help", "flags"]);
    for words in ["--model <M>", "--theme <THEME>", "[auto, dark, light, none]", "--offline"] {
        assert!(flags.contains(words), "{words} in {flags}");
    }
    assert!(page(&["help", "methods"]).contains("(--samples, --seed)"));
}
