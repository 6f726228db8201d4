  def prepare(self: TAPE) -> NoneType:
    return None
  def before(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    u = x
    if ops.prim.requires_grad(x):
      r = self.rule(p, k)
      if r < 0:
        _0 = self.refuse("unknown", p, k)
      xd = torch.detach(x)
      u = torch.add(xd, torch.mul(torch.sub(x, xd), xd))
    _1 = self.push(k, x)
    return u
  def activation(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    x = self.take(k)[0]
    z = y
    if ops.prim.requires_grad(x):
      z = torch.add(torch.detach(y), torch.sub(x, torch.detach(x)))
    return z
  def linear(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    _0 = self.take(k)
    z = y
    if ops.prim.requires_grad(y):
      r = self.rule(p, k)
      e = 0.
      if r > 0:
        e = self.numbers(r)[1]
      yd = torch.detach(y)
      z = torch.add(yd, torch.div(torch.sub(y, yd), RUNTIME.stabilized(yd, e, )))
    return z
def stabilized(z: Tensor, e: float) -> Tensor:
  s = torch.where(torch.lt(z, 0), torch.neg(torch.ones_like(z)), torch.ones_like(z))
  return torch.add(z, torch.mul(s, e))
