  def prepare(self: TAPE) -> NoneType:
    return None
  def before(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    _0 = self.push(k, x)
    return x
  def activation(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    x = self.take(k)[0]
    r = self.rule(p, k)
    z = y
    if r > 0 and ops.prim.requires_grad(y):
      if self.numbers(r)[0] == Rule.GUIDED_RELU.:
        z = self.cut(y, y, 1)
      else:
        z = self.cut(y, x, 1)
    return z
  def weighted(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    z = y
    if ops.prim.requires_grad(y):
      z = self.cut(y, y, 0)
    return z
  def cut(self: TAPE, y: Tensor, root: Tensor, clamped: int) -> Tensor:
    leaf = torch.requires_grad_(torch.detach(y), True)
    torch.append(self.memory, root)
    torch.append(self.memory, leaf)
    torch.extend(self.marks, [clamped, clamped])
    return KEPT(leaf)
