//! stub
use std::sync::Arc;
use crate::{Endpoint,HttpClient,discovery::Judge};
use countersign_proto::introspection::IntrospectionResponse;
#[derive(Clone)] pub struct ClientAuth;
pub struct Introspector;
impl Introspector {
 pub fn at(_:Arc<HttpClient>, _:Endpoint, _:ClientAuth)->Self{Self}
 pub fn discover(_:Arc<HttpClient>, _:&str,_:Judge, _:ClientAuth)->Self{Self}
 pub fn is_ready(&self)->bool{true}
 pub async fn introspect(&self,_:&str)->Result<IntrospectionResponse,std::io::Error>{ Err(std::io::Error::other("x")) }
}
impl ClientAuth { pub fn new(_: &str, _: crate::token::Secret, _: crate::token::Transport) -> Self { Self } }
