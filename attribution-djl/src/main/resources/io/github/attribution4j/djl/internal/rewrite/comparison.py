  cursor : int
  def prepare(self: TAPE) -> NoneType:
    self.cursor = 0
    return None
  def remember(self: TAPE, k: int, x: Tensor) -> NoneType:
    torch.append(self.memory, torch.detach(x))
    torch.append(self.marks, k)
    return None
  def recall(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    if self.cursor >= torch.len(self.marks):
      _0 = self.refuse("path", p, k)
    if self.marks[self.cursor] != k:
      _1 = self.refuse("path", p, k)
    y = self.memory[self.cursor]
    self.cursor = self.cursor + 1
    if torch.size(x) != torch.size(y):
      _2 = self.refuse("shape", p, k)
    return y
  def before(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    _0 = self.push(k, x)
    return x
  def activation(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    x = self.take(k)[0]
    z = y
    if self.mode == 0:
      _0 = self.remember(k, KEPT(x))
      _1 = self.remember(k, KEPT(y))
    else:
      x0 = self.recall(p, k, x)
      y0 = self.recall(p, k, y)
      if ops.prim.requires_grad(y):
        r = self.rule(p, k)
        if r < 0:
          _2 = self.refuse("unknown", p, k)
        if r > 0:
          z = RUNTIME.rescale(x, y, x0, y0, self.numbers(r)[1], )
    return z
def rescale(x: Tensor, y: Tensor, x0: Tensor, y0: Tensor, near: float) -> Tensor:
  xd = torch.detach(x)
  yd = torch.detach(y)
  dx = torch.sub(xd, x0)
  close = torch.le(torch.abs(dx), near)
  m = torch.div(torch.sub(yd, y0), torch.where(close, torch.ones_like(dx), dx))
  s = torch.add(yd, torch.mul(torch.sub(x, xd), m))
  return torch.where(close, y, s)
