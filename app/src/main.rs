//! chappe
fn main(){}
