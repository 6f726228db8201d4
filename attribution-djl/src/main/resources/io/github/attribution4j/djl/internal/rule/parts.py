  def convolution_same(self: TAPE, p: int, k: int, x: Tensor, w: Tensor, b: Optional[Tensor], dilation: List[int], groups: int) -> Tensor:
    n = torch.dim(w) - 2
    padding = annotate(List[int], [])
    for i in range(n):
      torch.append(padding, (dilation[i] * (torch.size(w, 2 + i) - 1) + 1) // 2)
    y = self.convolution(p, k, x, w, b, [1] * n, padding, dilation, False, [0] * n, groups)
    for i in range(n):
      if 2 * padding[i] > dilation[i] * (torch.size(w, 2 + i) - 1):
        at = torch.dim(y) - n + i
        y = torch.narrow(y, at, 1, torch.size(y, at) - 1)
    return y
  def cosine_similarity(self: TAPE, p: int, k: int, a: Tensor, b: Tensor, dim: int, eps: float) -> Tensor:
    x = torch.broadcast_tensors([a, b])
    u = self.unit(p, k, x[0], dim, eps)
    return self.total(p, k, self.mul(p, k, u, self.unit(p, k, x[1], dim, eps)), [dim])
  def unit(self: TAPE, p: int, k: int, x: Tensor, dim: int, eps: float) -> Tensor:
    n = self.norm(p, k, x, 2., [dim], True, None)
    return self.div(p, k, x, self.amax(p, k, torch.stack([n, torch.full_like(n, eps)], -1), [-1], False))
  def pairwise_distance(self: TAPE, p: int, k: int, a: Tensor, b: Tensor, order: float, eps: float, keep: bool) -> Tensor:
    d = self.plus(p, k, self.plus(p, k, a, self.times(p, k, b, -1.)), torch.full_like(torch.detach(a), eps))
    return self.norm(p, k, d, order, [-1], keep, None)
  def var_mean(self: TAPE, p: int, k: int, x: Tensor, dims: Optional[List[int]], correction: float, keep: bool) -> Tuple[Tensor, Tensor]:
    return (self.var(p, k, x, dims, correction, keep), self.average(p, k, x, RUNTIME.axes(x, dims, ), keep))
  def std_mean(self: TAPE, p: int, k: int, x: Tensor, dims: Optional[List[int]], correction: float, keep: bool) -> Tuple[Tensor, Tensor]:
    return (self.std(p, k, x, dims, correction, keep), self.average(p, k, x, RUNTIME.axes(x, dims, ), keep))
  def aminmax(self: TAPE, p: int, k: int, x: Tensor, dim: Optional[int], keep: bool) -> Tuple[Tensor, Tensor]:
    dims = annotate(List[int], [])
    if dim is not None:
      dims = [dim]
    return (self.amin(p, k, x, dims, keep), self.amax(p, k, x, dims, keep))
  def cummin(self: TAPE, p: int, k: int, x: Tensor, dim: int) -> Tuple[Tensor, Tensor]:
    y, i, = self.cummax(p, k, torch.neg(x), dim)
    return (torch.neg(y), i)
  def logcumsumexp(self: TAPE, p: int, k: int, x: Tensor, dim: int) -> Tensor:
    z = torch.movedim(x, dim, -1)
    n = torch.size(z, -1)
    later = torch.triu(torch.ones([n, n], dtype=11, device=ops.prim.device(x)), 1)
    wide = torch.expand(torch.unsqueeze(z, -2), torch.size(z) + [n])
    return torch.movedim(self.logsumexp(p, k, torch.masked_fill(wide, later, -inf), [-1], False), -1, dim)
  def topk(self: TAPE, p: int, k: int, x: Tensor, n: int, dim: int, largest: bool, sorted: bool) -> Tuple[Tensor, Tensor]:
    y, i, = torch.topk(torch.detach(x), n, dim, largest, True)
    return (self.ranked(p, k, x, i, dim), i)
  def sort(self: TAPE, p: int, k: int, x: Tensor, dim: int, descending: bool, stable: bool) -> Tuple[Tensor, Tensor]:
    y, i, = torch.sort(torch.detach(x), stable=stable, dim=dim, descending=descending)
    return (self.ranked(p, k, x, i, dim), i)
  def kthvalue(self: TAPE, p: int, k: int, x: Tensor, n: int, dim: int, keep: bool) -> Tuple[Tensor, Tensor]:
    y, i, = torch.kthvalue(torch.detach(x), n, dim, True)
    return RUNTIME.squeezed(self.ranked(p, k, x, i, dim), i, dim, keep, )
  def median_dim(self: TAPE, p: int, k: int, x: Tensor, dim: int, keep: bool) -> Tuple[Tensor, Tensor]:
    y, i, = torch.median(torch.detach(x), dim, True)
    return RUNTIME.squeezed(self.ranked(p, k, x, i, dim), i, dim, keep, )
  def addcdiv(self: TAPE, p: int, k: int, c: Tensor, a: Tensor, b: Tensor, value: float) -> Tensor:
    return self.plus(p, k, c, self.times(p, k, self.div(p, k, a, b), value))
  def lerp(self: TAPE, p: int, k: int, a: Tensor, b: Tensor, w: Tensor) -> Tensor:
    return self.plus(p, k, a, self.mul(p, k, w, self.plus(p, k, b, self.times(p, k, a, -1.))))
  def lerp_by(self: TAPE, p: int, k: int, a: Tensor, b: Tensor, w: float) -> Tensor:
    return self.plus(p, k, self.times(p, k, a, 1. - w), self.times(p, k, b, w))
  def amin(self: TAPE, p: int, k: int, x: Tensor, dims: List[int], keep: bool) -> Tensor:
    return torch.neg(self.amax(p, k, torch.neg(x), dims, keep))
  def min_dim(self: TAPE, p: int, k: int, x: Tensor, dim: int, keep: bool) -> Tuple[Tensor, Tensor]:
    y, i, = self.max_dim(p, k, torch.neg(x), dim, keep)
    return (torch.neg(y), i)
  def clamped(self: TAPE, p: int, k: int, x: Tensor, low: Optional[Tensor], high: Optional[Tensor]) -> Tensor:
    y = x
    if low is not None:
      y = self.amax(p, k, torch.stack(torch.broadcast_tensors([y, low]), -1), [-1], False)
    if high is not None:
      y = self.amin(p, k, torch.stack(torch.broadcast_tensors([y, high]), -1), [-1], False)
    return y
  def recur(self: TAPE, p: int, k: int, mode: int, x: Tensor, h: Tensor, c: Tensor, w: Tensor, wi: Tensor, wh: Tensor, bi: Optional[Tensor], bh: Optional[Tensor], proj: Optional[Tensor]) -> Tuple[Tensor, Tensor]:
    xh = torch.cat([x, h], -1)
    size = torch.size(wh, 0)
    b = bi
    if bi is not None and bh is not None:
      b = torch.add(bi, bh)
    if mode == 0:
      n = size // 4
      z = self.dense(p, k, xh, w, b)
      i = self.bent(p, k, torch.narrow(z, -1, 0, n), 0)
      f = self.bent(p, k, torch.narrow(z, -1, n, n), 0)
      g = self.bent(p, k, torch.narrow(z, -1, 2 * n, n), 1)
      o = self.bent(p, k, torch.narrow(z, -1, 3 * n, n), 0)
      d = self.plus(p, k, self.gate(p, k, f, c), self.gate(p, k, i, g))
      y = self.gate(p, k, o, self.bent(p, k, d, 1))
      if proj is not None:
        y = self.dense(p, k, y, proj, None)
    elif mode == 1:
      n = size // 3
      b2 = annotate(Optional[Tensor], None)
      b3 = annotate(Optional[Tensor], None)
      b4 = annotate(Optional[Tensor], None)
      if b is not None and bi is not None and bh is not None:
        b2 = torch.narrow(b, 0, 0, 2 * n)
        b3 = torch.narrow(bi, 0, 2 * n, n)
        b4 = torch.narrow(bh, 0, 2 * n, n)
      z = self.dense(p, k, xh, torch.narrow(w, 0, 0, 2 * n), b2)
      r = self.bent(p, k, torch.narrow(z, -1, 0, n), 0)
      u = self.bent(p, k, torch.narrow(z, -1, n, n), 0)
      a = self.dense(p, k, x, torch.narrow(wi, 0, 2 * n, n), b3)
      e = self.gate(p, k, r, self.dense(p, k, h, torch.narrow(wh, 0, 2 * n, n), b4))
      g = self.bent(p, k, self.plus(p, k, a, e), 1)
      y = self.plus(p, k, self.gate(p, k, torch.sub(torch.ones_like(u), u), g), self.gate(p, k, u, h))
      d = y
    else:
      y = self.bent(p, k, self.dense(p, k, xh, w, b), mode - 1)
      d = y
    return (y, d)
  def cell(self: TAPE, p: int, k: int, mode: int, x: Tensor, h: Tensor, c: Tensor, wi: Tensor, wh: Tensor, bi: Optional[Tensor], bh: Optional[Tensor]) -> Tuple[Tensor, Tensor]:
    w = torch.cat([wi, wh], 1)
    return self.recur(p, k, mode, self.entering(p, k, x), self.entering(p, k, h), self.entering(p, k, c), w, wi, wh, bi, bh, None)
  def unrolled(self: TAPE, p: int, k: int, mode: int, x: Tensor, sizes: List[int], starts: Tensor, cells: Tensor, w: List[Tensor], biases: bool, layers: int, both: bool) -> Tuple[Tensor, Tensor, Tensor]:
    directions = 1 + int(both)
    n = torch.len(w) // (layers * directions)
    steps = annotate(List[Tensor], [])
    at = 0
    for size in sizes:
      torch.append(steps, torch.narrow(x, 0, at, size))
      at = at + size
    hs = annotate(List[Tensor], [])
    cs = annotate(List[Tensor], [])
    for l in range(layers):
      ways = annotate(List[List[Tensor]], [])
      for d in range(directions):
        q = l * directions + d
        v = torch.slice(w, q * n, q * n + n, 1)
        bi = annotate(Optional[Tensor], None)
        bh = annotate(Optional[Tensor], None)
        proj = annotate(Optional[Tensor], None)
        if biases:
          bi = v[2]
          bh = v[3]
        if n > 2 + 2 * int(biases):
          proj = v[n - 1]
        whole = torch.cat([v[0], v[1]], 1)
        h0 = torch.select(starts, 0, q)
        c0 = torch.select(cells, 0, q)
        first = sizes[0]
        if d == 1:
          first = sizes[torch.len(sizes) - 1]
        h = torch.narrow(h0, 0, 0, first)
        c = torch.narrow(c0, 0, 0, first)
        rows = first
        left = annotate(List[Tensor], [])
        left_cells = annotate(List[Tensor], [])
        outs = annotate(List[Tensor], [])
        for j in range(torch.len(sizes)):
          t = j
          if d == 1:
            t = torch.len(sizes) - 1 - j
          size = sizes[t]
          if size < rows:
            torch.insert(left, 0, torch.narrow(h, 0, size, rows - size))
            torch.insert(left_cells, 0, torch.narrow(c, 0, size, rows - size))
            h = torch.narrow(h, 0, 0, size)
            c = torch.narrow(c, 0, 0, size)
          elif size > rows:
            h = torch.cat([h, torch.narrow(h0, 0, rows, size - rows)])
            c = torch.cat([c, torch.narrow(c0, 0, rows, size - rows)])
          rows = size
          h, c, = self.recur(p, k, mode, steps[t], h, c, whole, v[0], v[1], bi, bh, proj)
          if d == 1:
            torch.insert(outs, 0, h)
          else:
            torch.append(outs, h)
        torch.insert(left, 0, h)
        torch.insert(left_cells, 0, c)
        torch.append(hs, torch.cat(left))
        torch.append(cs, torch.cat(left_cells))
        torch.append(ways, outs)
      steps = ways[0]
      if both:
        joined = annotate(List[Tensor], [])
        for t in range(torch.len(sizes)):
          torch.append(joined, torch.cat([ways[0][t], ways[1][t]], -1))
        steps = joined
    return (torch.cat(steps), torch.stack(hs), torch.stack(cs))
  def sequence(self: TAPE, p: int, k: int, mode: int, x: Tensor, h: Tensor, c: Tensor, w: List[Tensor], biases: bool, layers: int, dropout: float, train: bool, both: bool, first: bool) -> Tuple[Tensor, Tensor, Tensor]:
    z = self.entering(p, k, x)
    if dropout > 0. and train:
      _0 = self.refuse("random", p, k)
    if first:
      z = torch.transpose(z, 0, 1)
    rows = torch.size(z, 1)
    time = torch.size(z, 0)
    y, hs, cs, = self.unrolled(p, k, mode, torch.flatten(z, 0, 1), [rows] * time, self.entering(p, k, h), self.entering(p, k, c), w, biases, layers, both)
    y = torch.reshape(y, [time, rows, torch.size(y, -1)])
    if first:
      y = torch.transpose(y, 0, 1)
    return (y, hs, cs)
  def packed(self: TAPE, p: int, k: int, mode: int, x: Tensor, sizes: Tensor, h: Tensor, c: Tensor, w: List[Tensor], biases: bool, layers: int, dropout: float, train: bool, both: bool) -> Tuple[Tensor, Tensor, Tensor]:
    z = self.entering(p, k, x)
    if dropout > 0. and train:
      _0 = self.refuse("random", p, k)
    counts = annotate(List[int], sizes.tolist())
    return self.unrolled(p, k, mode, z, counts, self.entering(p, k, h), self.entering(p, k, c), w, biases, layers, both)
  def lstm(self: TAPE, p: int, k: int, x: Tensor, h: List[Tensor], w: List[Tensor], biases: bool, layers: int, dropout: float, train: bool, both: bool, first: bool) -> Tuple[Tensor, Tensor, Tensor]:
    return self.sequence(p, k, 0, x, h[0], h[1], w, biases, layers, dropout, train, both, first)
  def lstm_packed(self: TAPE, p: int, k: int, x: Tensor, sizes: Tensor, h: List[Tensor], w: List[Tensor], biases: bool, layers: int, dropout: float, train: bool, both: bool) -> Tuple[Tensor, Tensor, Tensor]:
    return self.packed(p, k, 0, x, sizes, h[0], h[1], w, biases, layers, dropout, train, both)
  def recurrent_layer(self: TAPE, p: int, k: int, mode: int, x: Tensor, h: Tensor, w: List[Tensor], biases: bool, layers: int, dropout: float, train: bool, both: bool, first: bool) -> Tuple[Tensor, Tensor]:
    y, hs, cs, = self.sequence(p, k, mode, x, h, h, w, biases, layers, dropout, train, both, first)
    return (y, hs)
  def recurrent_packed(self: TAPE, p: int, k: int, mode: int, x: Tensor, sizes: Tensor, h: Tensor, w: List[Tensor], biases: bool, layers: int, dropout: float, train: bool, both: bool) -> Tuple[Tensor, Tensor]:
    y, hs, cs, = self.packed(p, k, mode, x, sizes, h, h, w, biases, layers, dropout, train, both)
    return (y, hs)
  def lstm_cell(self: TAPE, p: int, k: int, x: Tensor, h: List[Tensor], wi: Tensor, wh: Tensor, bi: Optional[Tensor], bh: Optional[Tensor]) -> Tuple[Tensor, Tensor]:
    return self.cell(p, k, 0, x, h[0], h[1], wi, wh, bi, bh)
  def recurrent_cell(self: TAPE, p: int, k: int, mode: int, x: Tensor, h: Tensor, wi: Tensor, wh: Tensor, bi: Optional[Tensor], bh: Optional[Tensor]) -> Tensor:
    y, d, = self.cell(p, k, mode, x, h, h, wi, wh, bi, bh)
    return y
