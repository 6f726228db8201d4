  mode : int
  places : int
  usual : List[int]
  special : Dict[int, int]
  bounds : List[int]
  figures : List[float]
  memory : List[Tensor]
  marks : List[int]
  operands : List[Tensor]
  frames : List[int]
  targets : List[Tensor]
  def follow(self: TAPE, table: List[int], figures: List[float], memory: List[Tensor]) -> NoneType:
    self.mode = table[0]
    self.places = table[1]
    self.figures = figures
    self.memory = memory
    a = 5 + table[1]
    b = a + table[2] + 1
    c = b + 2 * table[3]
    self.usual = torch.slice(table, 5, a, 1)
    self.bounds = torch.slice(table, a, b, 1)
    special = annotate(Dict[int, int], {})
    for i in range(table[3]):
      torch._set_item(special, table[b + 2 * i], table[b + 2 * i + 1])
    self.special = special
    self.marks = torch.slice(table, c, c + table[4], 1)
    self.operands = annotate(List[Tensor], [])
    self.frames = annotate(List[int], [])
    self.targets = annotate(List[Tensor], [])
    return None
  def rule(self: TAPE, p: int, k: int) -> int:
    r = self.usual[k]
    if torch.len(self.special) > 0:
      q = p * self.places + k
      if torch.__contains__(self.special, q):
        r = self.special[q]
    return r
  def numbers(self: TAPE, r: int) -> List[float]:
    return torch.slice(self.figures, self.bounds[r - 1], self.bounds[r], 1)
  def push(self: TAPE, k: int, x: Tensor) -> NoneType:
    torch.append(self.operands, x)
    torch.append(self.frames, k)
    return None
  def take(self: TAPE, k: int) -> List[Tensor]:
    taken = annotate(List[Tensor], [])
    n = torch.len(self.frames)
    while n > 0 and self.frames[n - 1] == k:
      _0 = torch.pop(self.frames)
      torch.insert(taken, 0, torch.pop(self.operands))
      n = n - 1
    return taken
  def refuse(self: TAPE, code: str, p: int, k: int) -> NoneType:
    ops.prim.RaiseException(torch.format("a4j:{}:{}:{}", code, p, k), "builtins.RuntimeError")
    return None
  def held(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    torch.append(self.targets, x)
    return torch.clone(x)
  def stored(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    return torch.copy_(torch.pop(self.targets), y)
  def unknown(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    if ops.prim.requires_grad(x):
      if self.rule(p, k) != 0:
        _0 = self.refuse("unknown", p, k)
    return x
  def recurrent(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    if ops.prim.requires_grad(x):
      if self.rule(p, k) != 0:
        _0 = self.refuse("recurrent", p, k)
    return x
  def hidden(self: TAPE, p: int, k: int, x: Any) -> NoneType:
    found = annotate(List[Tensor], [])
    if isinstance(x, Tensor):
      torch.append(found, x)
    elif isinstance(x, List[Tensor]):
      found = x
    elif isinstance(x, List[Optional[Tensor]]):
      for y in x:
        if y is not None:
          torch.append(found, y)
    elif isinstance(x, Tuple[Tensor, Tensor]):
      found = [x[0], x[1]]
    elif isinstance(x, Tuple[Tensor, Tensor, Tensor]):
      found = [x[0], x[1], x[2]]
    for z in found:
      if ops.prim.requires_grad(z):
        _0 = self.refuse("untyped", p, k)
    return None
  def unknown_list(self: TAPE, p: int, k: int, xs: List[Tensor]) -> List[Tensor]:
    for x in xs:
      _0 = self.unknown(p, k, x)
    return xs
  def recurrent_list(self: TAPE, p: int, k: int, xs: List[Tensor]) -> List[Tensor]:
    for x in xs:
      _0 = self.recurrent(p, k, x)
    return xs
def axes(x: Tensor, dims: Optional[List[int]]) -> List[int]:
  over = annotate(List[int], [])
  if dims is not None:
    over = dims
  if torch.len(over) == 0:
    for d in range(torch.dim(x)):
      torch.append(over, d)
  return over
def squeezed(y: Tensor, i: Tensor, dim: int, keep: bool) -> Tuple[Tensor, Tensor]:
  r = (y, i)
  if not keep:
    r = (torch.squeeze(y, dim), torch.squeeze(i, dim))
  return r
def rules(x: List[Tensor]) -> Tuple[List[int], List[float], List[Tensor]]:
  first = torch.pop(x, 1)
  table = annotate(List[int], first.tolist())
  second = torch.pop(x, 1)
  figures = annotate(List[float], second.tolist())
  memory = annotate(List[Tensor], [])
  for i in range(table[4]):
    torch.append(memory, torch.pop(x, 1))
  return (table, figures, memory)
def close_rules(reply: List[Tensor], mode: int, memory: List[Tensor], marks: List[int]) -> List[Tensor]:
  if mode == 0:
    torch.extend(reply, memory)
    torch.append(reply, torch.tensor([torch.len(memory)] + marks, dtype=4))
  else:
    torch.append(reply, torch.tensor([0], dtype=4))
  return reply
