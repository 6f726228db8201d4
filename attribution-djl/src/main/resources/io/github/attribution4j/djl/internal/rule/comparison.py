  cursor : int
  leaves : List[Tensor]
  parts : List[Tensor]
  split : List[bool]
  weighted : List[Tensor]
  version : int
  geometry : List[int]
  reveals : bool
  compares : bool
  conditions : List[Tensor]
  surrogates : List[Tensor]
  written : List[int]
  def prepare(self: TAPE) -> NoneType:
    self.cursor = 0
    self.leaves = annotate(List[Tensor], [])
    self.parts = annotate(List[Tensor], [])
    self.split = annotate(List[bool], [])
    self.weighted = annotate(List[Tensor], [])
    self.version = 0
    self.geometry = annotate(List[int], [])
    self.reveals = False
    self.compares = torch.len(self.bounds) > 1
    self.conditions = annotate(List[Tensor], [])
    self.surrogates = annotate(List[Tensor], [])
    self.written = annotate(List[int], [])
    for r in range(torch.len(self.bounds) - 1):
      if self.numbers(r + 1)[1] > Rule.RESCALE.:
        self.reveals = True
    return None
  def past(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    y = x
    if self.mode == 0:
      torch.append(self.memory, KEPT(torch.detach(x)))
      torch.append(self.marks, k)
    else:
      c = self.cursor
      if c >= torch.len(self.memory) or self.marks[c] != k:
        _0 = self.refuse("path", p, k)
      y = self.memory[c]
      self.cursor = c + 1
      if torch.size(y) != torch.size(x):
        _1 = self.refuse("shape", p, k)
    return y
  def compared(self: TAPE, p: int, k: int, x: Tensor) -> bool:
    y = False
    if torch.is_floating_point(x):
      y = self.rule(p, k) > 0
    return y
  def changed(self: TAPE, p: int, k: int, x: Tensor) -> bool:
    y = False
    if self.mode == 1 and ops.prim.requires_grad(x):
      r = self.rule(p, k)
      if r < 0:
        _0 = self.refuse("rule", p, k)
      y = r > 0
    return y
  def near(self: TAPE, p: int, k: int) -> float:
    return self.numbers(self.rule(p, k))[0]
  def before(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    _0 = self.push(k, x)
    u = x
    v = x
    split = False
    if self.changed(p, k, x):
      u = torch.requires_grad_(torch.detach(x), True)
      v = u
      if self.revealed(p, k, x):
        c = torch.sub(self.weighted[1], self.weighted[3])
        rise, fall, = self.contributions(c)
        if torch.size(rise) == torch.size(x):
          split = True
          torch.extend(self.parts, [rise, fall])
          now = torch.detach(x)
          v = torch.cat([u, torch.sub(now, torch.detach(fall)), torch.sub(now, torch.detach(rise))])
    torch.append(self.leaves, u)
    torch.append(self.split, split)
    return v
  def activation(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    z = self.take(k)[0]
    u = torch.pop(self.leaves)
    split = torch.pop(self.split)
    n = torch.size(z, 0) if split else 0
    r = y
    if split:
      r = torch.narrow(y, 0, 0, n)
    if torch.size(r) != torch.size(z) and self.changed(p, k, z):
      _0 = self.refuse("unknown", p, k)
    # What is attributed lies inside an activation that is written in several operators.
    if self.mode == 1 and not ops.prim.requires_grad(z):
      _1 = self.unknown(p, k, r)
    if self.compared(p, k, z):
      z0 = self.past(p, k, z)
      y0 = self.past(p, k, r)
      if self.changed(p, k, z):
        now = torch.detach(z)
        v = torch.detach(r)
        d = torch.zeros_like(now)
        if ops.prim.requires_grad(r):
          g = torch.autograd.grad([r], [u], annotate(List[Optional[Tensor]], [torch.ones_like(now)]), False, False, True)[0]
          if g is not None:
            d = g
        near = self.near(p, k)
        if split:
          fall = torch.pop(self.parts)
          rise = torch.pop(self.parts)
          up = torch.detach(torch.narrow(y, 0, n, n))
          down = torch.detach(torch.narrow(y, 0, 2 * n, n))
          r = RUNTIME.graft(v, RUNTIME.revealed(now, z0, v, y0, up, down, rise, fall, d, near, ), )
        else:
          r = RUNTIME.graft(v, torch.mul(z, RUNTIME.slope(now, z0, v, y0, d, near, )), )
    return r
  def relu(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    if self.reveals:
      r = self.activation(p, k, torch.relu(self.before(p, k, x)))
    else:
      changed = self.changed(p, k, x)
      r = torch.relu(torch.detach(x) if changed else x)
      if self.compared(p, k, x):
        x0 = self.past(p, k, x)
        if changed:
          r = RUNTIME.graft(r, torch.mul(x, RUNTIME.rectified(torch.detach(x), x0, self.near(p, k), )), )
    return r
  def revealed(self: TAPE, p: int, k: int, x: Tensor) -> bool:
    y = False
    if self.reveals and torch.len(self.weighted) > 0 and torch.dim(x) > 0:
      if self.numbers(self.rule(p, k))[1] > Rule.RESCALE.:
        y = x is self.weighted[0] and torch._version(x) == self.version
    return y
  def contributions(self: TAPE, d: Tensor) -> Tuple[Tensor, Tensor]:
    w = self.weighted[2]
    now = torch.detach(d)
    t = ops.prim.dtype(d)
    tie = torch.mul(torch.to(torch.eq(now, 0.), t), 0.5)
    positive = torch.mul(d, torch.add(torch.to(torch.gt(now, 0.), t), tie))
    negative = torch.mul(d, torch.add(torch.to(torch.lt(now, 0.), t), tie))
    raising = torch.relu(w)
    falling = torch.sub(w, raising)
    rise = torch.add(self.map(positive, raising), self.map(negative, falling))
    fall = torch.add(self.map(positive, falling), self.map(negative, raising))
    return (rise, fall)
  def map(self: TAPE, x: Tensor, w: Tensor) -> Tensor:
    g = self.geometry
    y = x
    if torch.len(g) == 0:
      y = torch.linear(x, w)
    else:
      n = (torch.len(g) - 2) // 4
      y = RUNTIME.convolved(x, w, None, g[0:n], g[n:2 * n], g[2 * n:3 * n], g[4 * n] == 1, g[3 * n:4 * n], g[4 * n + 1], )
    return y
  def kept(self: TAPE, p: int, k: int, x: Tensor, w: Tensor, y: Tensor, geometry: List[int]) -> Tensor:
    if self.mode == 1 and ops.prim.requires_grad(x) and ops.prim.requires_grad(w):
      _0 = self.refuse("weight", p, k)
    if self.reveals:
      x0 = self.past(p, k, x)
      if self.mode == 1:
        self.weighted = [y, x, w, x0]
        self.version = torch._version(y)
        self.geometry = geometry
    return y
  def dense(self: TAPE, p: int, k: int, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
    y = x
    if b is not None and torch.dim(b) > 1:
      y = torch.addmm(b, x, torch.t(w))
    else:
      y = torch.linear(x, w, b)
    return self.kept(p, k, x, w, y, annotate(List[int], []))
  def convolution(self: TAPE, p: int, k: int, x: Tensor, w: Tensor, b: Optional[Tensor], stride: List[int], padding: List[int], dilation: List[int], transposed: bool, output_padding: List[int], groups: int) -> Tensor:
    y = RUNTIME.convolved(x, w, b, stride, padding, dilation, transposed, output_padding, groups, )
    return self.kept(p, k, x, w, y, stride + padding + dilation + output_padding + [int(transposed), groups])
  def softmax(self: TAPE, p: int, k: int, x: Tensor, dim: int, dtype: Optional[int]) -> Tensor:
    z = x
    if dtype is not None:
      z = torch.to(x, dtype)
    y = torch.softmax(z, dim)
    if self.compared(p, k, z):
      z0 = self.past(p, k, z)
      if self.changed(p, k, z):
        y = RUNTIME.softmax(z, z0, dim, )
    return y
  def log_softmax(self: TAPE, p: int, k: int, x: Tensor, dim: int, dtype: Optional[int]) -> Tensor:
    z = x
    if dtype is not None:
      z = torch.to(x, dtype)
    y = torch.log_softmax(z, dim)
    if self.compared(p, k, z):
      z0 = self.past(p, k, z)
      if self.changed(p, k, z):
        y = RUNTIME.log_softmax(z, z0, dim, )
    return y
  def pooled(self: TAPE, p: int, k: int, x: Tensor, y: Tensor, i: Tensor, n: int) -> Tensor:
    r = y
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      y0 = self.past(p, k, y)
      i0 = self.past(p, k, i)
      if self.changed(p, k, x):
        z = torch.flatten(x, -n)
        s = RUNTIME.routed(z, torch.flatten(x0, -n), torch.flatten(torch.detach(y), -n), torch.flatten(y0, -n), torch.flatten(i, -n), torch.flatten(i0, -n), self.near(p, k), )
        r = torch.reshape(s, torch.size(y))
    return r
  def max_pool1d(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tensor:
    y, i, = torch.max_pool1d_with_indices(x, kernel, stride, padding, dilation, ceil)
    return self.pooled(p, k, x, y, i, 1)
  def max_pool2d(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tensor:
    y, i, = torch.max_pool2d_with_indices(x, kernel, stride, padding, dilation, ceil)
    return self.pooled(p, k, x, y, i, 2)
  def max_pool3d(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tensor:
    y, i, = torch.max_pool3d_with_indices(x, kernel, stride, padding, dilation, ceil)
    return self.pooled(p, k, x, y, i, 3)
  def max_pool1d_with_indices(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tuple[Tensor, Tensor]:
    y, i, = torch.max_pool1d_with_indices(x, kernel, stride, padding, dilation, ceil)
    return (self.pooled(p, k, x, y, i, 1), i)
  def max_pool2d_with_indices(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tuple[Tensor, Tensor]:
    y, i, = torch.max_pool2d_with_indices(x, kernel, stride, padding, dilation, ceil)
    return (self.pooled(p, k, x, y, i, 2), i)
  def max_pool3d_with_indices(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tuple[Tensor, Tensor]:
    y, i, = torch.max_pool3d_with_indices(x, kernel, stride, padding, dilation, ceil)
    return (self.pooled(p, k, x, y, i, 3), i)
  def adaptive_max_pool1d(self: TAPE, p: int, k: int, x: Tensor, size: List[int]) -> Tuple[Tensor, Tensor]:
    y, i, = torch.adaptive_max_pool1d(x, size)
    return (self.pooled(p, k, x, y, i, 1), i)
  def adaptive_max_pool2d(self: TAPE, p: int, k: int, x: Tensor, size: List[int]) -> Tuple[Tensor, Tensor]:
    y, i, = torch.adaptive_max_pool2d(x, size)
    return (self.pooled(p, k, x, y, i, 2), i)
  def adaptive_max_pool3d(self: TAPE, p: int, k: int, x: Tensor, size: List[int]) -> Tuple[Tensor, Tensor]:
    y, i, = torch.adaptive_max_pool3d(x, size)
    return (self.pooled(p, k, x, y, i, 3), i)
  def amax(self: TAPE, p: int, k: int, x: Tensor, dims: List[int], keep: bool) -> Tensor:
    y = torch.amax(x, dims, keep)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        z = RUNTIME.rows(x, dims, )
        z0 = RUNTIME.rows(x0, dims, )
        v, i, = torch.max(torch.detach(z), -1, True)
        v0, i0, = torch.max(z0, -1, True)
        y = torch.reshape(RUNTIME.routed(z, z0, v, v0, i, i0, self.near(p, k), ), torch.size(y))
    return y
  def max_dim(self: TAPE, p: int, k: int, x: Tensor, dim: int, keep: bool) -> Tuple[Tensor, Tensor]:
    y, i, = torch.max(x, dim, keep)
    r = y
    if self.compared(p, k, x) and torch.dim(x) > 0:
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        z0 = torch.movedim(x0, dim, -1)
        v0, i0, = torch.max(z0, -1, True)
        n = torch.dim(x) if keep else torch.dim(y) + 1
        v = y
        j = i
        if keep:
          v = torch.squeeze(y, dim)
          j = torch.squeeze(i, dim)
        s = RUNTIME.routed(torch.movedim(x, dim, -1), z0, torch.unsqueeze(torch.detach(v), -1), v0, torch.unsqueeze(j, -1), i0, self.near(p, k), )
        r = torch.squeeze(s, -1)
        if keep:
          r = torch.unsqueeze(r, dim)
    return (r, i)
  def glu(self: TAPE, p: int, k: int, x: Tensor, dim: int) -> Tensor:
    y = torch.glu(x, dim)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        n = torch.size(x, dim) // 2
        a = torch.narrow(x, dim, 0, n)
        b = torch.narrow(x, dim, n, n)
        b0 = torch.narrow(x0, dim, n, n)
        now = torch.detach(b)
        g = torch.sigmoid(now)
        g0 = torch.sigmoid(b0)
        m = RUNTIME.slope(now, b0, g, g0, torch.mul(g, torch.sub(torch.ones_like(g), g)), self.near(p, k), )
        y = RUNTIME.graft(y, torch.add(torch.mul(a, RUNTIME.half(g, g0, )), torch.mul(torch.mul(b, m), RUNTIME.half(a, torch.narrow(x0, dim, 0, n), ))), )
    return y
  def layer_norm(self: TAPE, p: int, k: int, x: Tensor, shape: List[int], w: Optional[Tensor], b: Optional[Tensor], eps: float) -> Tensor:
    y = torch.layer_norm(x, shape, w, b, eps)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        s = RUNTIME.normed(x, x0, RUNTIME.last(torch.len(shape), ), eps, True, )
        if w is not None:
          s = torch.mul(s, w)
        y = RUNTIME.graft(y, s, )
    return y
  def rms_norm(self: TAPE, p: int, k: int, x: Tensor, shape: List[int], w: Optional[Tensor], eps: Optional[float]) -> Tensor:
    y = torch.rms_norm(x, shape, w, eps)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        e = RUNTIME.ulp(x, )
        if eps is not None:
          e = eps
        s = RUNTIME.normed(x, x0, RUNTIME.last(torch.len(shape), ), e, False, )
        if w is not None:
          s = torch.mul(s, w)
        y = RUNTIME.graft(y, s, )
    return y
  def group_norm(self: TAPE, p: int, k: int, x: Tensor, groups: int, w: Optional[Tensor], b: Optional[Tensor], eps: float) -> Tensor:
    y = torch.group_norm(x, groups, w, b, eps)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        y = RUNTIME.graft(y, RUNTIME.grouped(x, x0, groups, w, eps, ), )
    return y
  def instance_norm(self: TAPE, p: int, k: int, x: Tensor, w: Optional[Tensor], b: Optional[Tensor], eps: float) -> Tensor:
    y = torch.instance_norm(x, w, b, None, None, True, 0., eps, False)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        y = RUNTIME.graft(y, RUNTIME.grouped(x, x0, torch.size(x, 1), w, eps, ), )
    return y
  def instance_norm_if(self: TAPE, p: int, k: int, x: Tensor, w: Optional[Tensor], b: Optional[Tensor], mean: Optional[Tensor], var: Optional[Tensor], own: bool, momentum: float, eps: float, cudnn: bool) -> Tensor:
    if own:
      y = self.instance_norm(p, k, x, w, b, eps)
    else:
      y = torch.instance_norm(x, w, b, mean, var, False, momentum, eps, cudnn)
    return y
  def batch_norm(self: TAPE, p: int, k: int, x: Tensor, w: Optional[Tensor], b: Optional[Tensor], mean: Optional[Tensor], var: Optional[Tensor], training: bool, momentum: float, eps: float, cudnn: bool) -> Tensor:
    if training and self.mode == 1 and ops.prim.requires_grad(x):
      if self.rule(p, k) != 0:
        _0 = self.refuse("batch", p, k)
    return torch.batch_norm(x, w, b, mean, var, training, momentum, eps, cudnn)
  def joint(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> bool:
    y = self.mode == 1 and ops.prim.requires_grad(a) and ops.prim.requires_grad(b)
    return y and self.changed(p, k, a)
  def condition(self: TAPE, c: Tensor) -> int:
    found = -1
    if ops.prim.dtype(c) == 11:
      for i in range(torch.len(self.conditions)):
        if self.conditions[i] is c and self.written[i] == torch._version(c):
          found = i
    return found
  def remember(self: TAPE, c: Tensor, s: Tensor) -> NoneType:
    torch.append(self.conditions, c)
    torch.append(self.surrogates, s)
    torch.append(self.written, torch._version(c))
    return None
  def surrogate(self: TAPE, p: int, k: int, c: Tensor) -> Tensor:
    i = self.condition(c)
    y = c
    if i >= 0:
      y = self.surrogates[i]
    return y
  def step(self: TAPE, p: int, k: int, y: Tensor, code: int, x: Tensor, t: Tensor) -> Tensor:
    real = torch.is_floating_point(x) or (torch.is_floating_point(t) and torch.dim(t) > 0)
    if self.compares and real:
      x0 = self.past(p, k, x)
      t0 = self.past(p, k, t)
      d = torch.sub(x, t)
      s = torch.to(y, ops.prim.dtype(d))
      if self.mode == 1 and (ops.prim.requires_grad(x) or ops.prim.requires_grad(t)):
        s0 = torch.to(RUNTIME.compared(code, x0, t0, ), ops.prim.dtype(d))
        m = RUNTIME.finite(torch.div(torch.sub(s, s0), torch.sub(torch.detach(d), torch.sub(x0, t0))), )
        s = RUNTIME.graft(s, torch.mul(d, m), )
      _0 = self.remember(y, s)
    return y
  def logic(self: TAPE, p: int, k: int, y: Tensor, code: int, a: Tensor, b: Tensor) -> Tensor:
    i = self.condition(a)
    j = self.condition(b)
    if (i >= 0 or j >= 0) and ops.prim.dtype(a) == 11 and ops.prim.dtype(b) == 11:
      a0 = self.past(p, k, a)
      b0 = self.past(p, k, b)
      t = ops.prim.dtype(self.surrogates[i if i >= 0 else j])
      s = torch.to(self.surrogate(p, k, a), t)
      u = torch.to(self.surrogate(p, k, b), t)
      m = RUNTIME.half(torch.to(b, t), torch.to(b0, t), )
      n = RUNTIME.half(torch.to(a, t), torch.to(a0, t), )
      if code > 0:
        m = torch.add(torch.mul(m, -code), 1.)
        n = torch.add(torch.mul(n, -code), 1.)
      v = torch.to(y, t)
      if self.mode == 1:
        v = RUNTIME.graft(v, torch.add(torch.mul(s, m), torch.mul(u, n)), )
      _0 = self.remember(y, v)
    return y
  def inverted(self: TAPE, p: int, k: int, y: Tensor, c: Tensor) -> Tensor:
    i = self.condition(c)
    if i >= 0:
      _0 = self.remember(y, torch.add(torch.neg(self.surrogates[i]), 1.))
    return y
  def seen(self: TAPE, p: int, k: int, y: Tensor, c: Tensor, s: Tensor) -> Tensor:
    if self.condition(c) >= 0:
      _0 = self.remember(y, s)
    return y
  def cast(self: TAPE, p: int, k: int, y: Tensor, c: Tensor) -> Tensor:
    r = y
    i = self.condition(c)
    if i >= 0 and torch.is_floating_point(y):
      if ops.prim.requires_grad(self.surrogates[i]):
        r = torch.mul(torch.to(self.surrogates[i], ops.prim.dtype(y)), 1.)
    return r
  def factor(self: TAPE, x: Tensor, other: Tensor) -> Tensor:
    y = x
    i = self.condition(x)
    if i >= 0 and torch.is_floating_point(other):
      y = torch.to(self.surrogates[i], ops.prim.dtype(other))
    return y
  def chosen(self: TAPE, p: int, k: int, y: Tensor, c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    r = y
    i = self.condition(c)
    if i >= 0 and torch.is_floating_point(y):
      c0 = self.past(p, k, c)
      a0 = self.past(p, k, a)
      b0 = self.past(p, k, b)
      if self.mode == 1 and ops.prim.requires_grad(self.surrogates[i]):
        r = RUNTIME.graft(y, RUNTIME.choice(y, self.surrogates[i], c, c0, a, a0, b, b0, ), )
    return r
  def put(self: TAPE, p: int, k: int, y: Tensor, c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    r = y
    if torch.numel(a) == 1 and torch.size(c) == torch.size(b):
      r = self.chosen(p, k, y, c, torch.reshape(a, annotate(List[int], [])), b)
    return r
  def mul(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    y = torch.mul(a, b)
    if torch.is_floating_point(y):
      a, b, = (self.factor(a, b), self.factor(b, a))
    if self.compared(p, k, y):
      a0 = self.past(p, k, a)
      b0 = self.past(p, k, b)
      if self.joint(p, k, a, b):
        y = RUNTIME.graft(y, torch.add(torch.mul(a, RUNTIME.half(b, b0, )), torch.mul(RUNTIME.half(a, a0, ), b)), )
    return y
  def addcmul(self: TAPE, p: int, k: int, c: Tensor, a: Tensor, b: Tensor, value: float) -> Tensor:
    return torch.add(c, torch.mul(self.mul(p, k, a, b), value))
  def plus(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    return torch.add(a, b)
  def times(self: TAPE, p: int, k: int, a: Tensor, factor: float) -> Tensor:
    return torch.mul(a, factor)
  def total(self: TAPE, p: int, k: int, x: Tensor, dims: List[int]) -> Tensor:
    return torch.sum(x, dims)
  def gate(self: TAPE, p: int, k: int, g: Tensor, x: Tensor) -> Tensor:
    return self.mul(p, k, g, x)
  def entering(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    return x
  def bent(self: TAPE, p: int, k: int, z: Tensor, kind: int) -> Tensor:
    if kind == 0:
      y = torch.sigmoid(z)
    elif kind == 1:
      y = torch.tanh(z)
    else:
      y = torch.relu(z)
    if self.compared(p, k, z):
      z0 = self.past(p, k, z)
      y0 = self.past(p, k, y)
      if self.changed(p, k, z):
        now = torch.detach(z)
        v = torch.detach(y)
        if kind == 2:
          m = RUNTIME.rectified(now, z0, self.near(p, k), )
        else:
          d = torch.sub(torch.ones_like(v), torch.mul(v, v))
          if kind == 0:
            d = torch.mul(v, torch.sub(torch.ones_like(v), v))
          m = RUNTIME.slope(now, z0, v, y0, d, self.near(p, k), )
        y = RUNTIME.graft(v, torch.mul(z, m), )
    return y
  def grid_sampler(self: TAPE, p: int, k: int, x: Tensor, grid: Tensor, mode: int, padding: int, align: bool) -> Tensor:
    if self.mode == 1 and ops.prim.requires_grad(grid):
      if self.rule(p, k) != 0:
        _0 = self.refuse("grid", p, k)
    return torch.grid_sampler(x, grid, mode, padding, align)
  def logsumexp(self: TAPE, p: int, k: int, x: Tensor, dims: List[int], keep: bool) -> Tensor:
    y = torch.logsumexp(x, dims, keep)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        z = RUNTIME.rows(x, dims, )
        m, d, = RUNTIME.spread(torch.detach(z), RUNTIME.rows(x0, dims, ), -1, )
        y = RUNTIME.graft(y, torch.reshape(torch.sum(torch.mul(z, m), [-1]), torch.size(y)), )
    return y
  def norm(self: TAPE, p: int, k: int, x: Tensor, order: float, dims: Optional[List[int]], keep: bool, dtype: Optional[int]) -> Tensor:
    over = RUNTIME.axes(x, dims, )
    z = x
    if dtype is not None:
      z = torch.to(x, dtype)
    if order == inf:
      y = self.amax(p, k, self.norm_terms(p, k, z), over, keep)
    elif order == -inf:
      y = self.amin(p, k, self.norm_terms(p, k, z), over, keep)
    elif order == 1.:
      y = torch.sum(self.norm_terms(p, k, z), over, keep)
    elif order == 2.:
      y = torch.norm(z, 2., over, keep)
      if self.compared(p, k, z):
        z0 = self.past(p, k, z)
        if self.changed(p, k, z):
          y = RUNTIME.graft(y, RUNTIME.rooted(z, z0, over, 1., True, keep, ), )
    else:
      y = torch.norm(z, order, over, keep)
      if order == 0. and self.mode == 1 and ops.prim.requires_grad(z):
        _0 = self.refuse("unknown", p, k)
      if self.compared(p, k, z):
        z0 = self.past(p, k, z)
        if self.changed(p, k, z):
          y = RUNTIME.graft(y, RUNTIME.powered(z, z0, order, over, keep, self.near(p, k), ), )
    return y
  def norm_terms(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    y = torch.abs(x)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        now = torch.detach(x)
        m = RUNTIME.finite(torch.div(torch.add(now, x0), torch.add(torch.abs(now), torch.abs(x0))), )
        y = RUNTIME.graft(y, torch.mul(x, m), )
    return y
  def average(self: TAPE, p: int, k: int, x: Tensor, dims: List[int], keep: bool) -> Tensor:
    return torch.mean(x, dims, keep)
  def cummax(self: TAPE, p: int, k: int, x: Tensor, dim: int) -> Tuple[Tensor, Tensor]:
    y, i, = torch.cummax(x, dim)
    r = y
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        y0, i0, = torch.cummax(torch.movedim(x0, dim, -1), -1)
        s = RUNTIME.routed(torch.movedim(x, dim, -1), torch.movedim(x0, dim, -1), torch.movedim(torch.detach(y), dim, -1), y0, torch.movedim(i, dim, -1), i0, self.near(p, k), )
        r = torch.movedim(s, -1, dim)
    return (r, i)
  def ranked(self: TAPE, p: int, k: int, x: Tensor, i: Tensor, dim: int) -> Tensor:
    y = torch.gather(x, dim, i)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      y0 = self.past(p, k, y)
      i0 = self.past(p, k, i)
      if self.changed(p, k, x):
        z = torch.movedim(x, dim, -1)
        z0 = torch.movedim(x0, dim, -1)
        v = torch.movedim(torch.detach(y), dim, -1)
        v0 = torch.movedim(y0, dim, -1)
        at = RUNTIME.crossing(torch.detach(z), z0, v, v0, torch.movedim(i, dim, -1), )
        y = torch.movedim(RUNTIME.routed(z, z0, v, v0, at, at, self.near(p, k), ), -1, dim)
    return y
  def spread_of(self: TAPE, p: int, k: int, x: Tensor, dims: Optional[List[int]], correction: float, keep: bool, root: bool) -> Tensor:
    over = RUNTIME.axes(x, dims, )
    if root:
      y = torch.std(x, over, correction=correction, keepdim=keep)
    else:
      y = torch.var(x, over, correction=correction, keepdim=keep)
    if self.compared(p, k, x):
      x0 = self.past(p, k, x)
      if self.changed(p, k, x):
        n = 1
        for d in over:
          n = n * torch.size(x, d)
        c = torch.sub(x, torch.mean(x, over, True))
        c0 = torch.sub(x0, torch.mean(x0, over, True))
        y = RUNTIME.graft(y, RUNTIME.rooted(c, c0, over, n - correction, root, keep, ), )
    return y
  def var(self: TAPE, p: int, k: int, x: Tensor, dims: Optional[List[int]], correction: float, keep: bool) -> Tensor:
    return self.spread_of(p, k, x, dims, correction, keep, False)
  def std(self: TAPE, p: int, k: int, x: Tensor, dims: Optional[List[int]], correction: float, keep: bool) -> Tensor:
    return self.spread_of(p, k, x, dims, correction, keep, True)
  def div(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    y = torch.div(a, b)
    if self.compared(p, k, y):
      a0 = self.past(p, k, a)
      b0 = self.past(p, k, b)
      if self.changed(p, k, b):
        now = torch.detach(b)
        s = torch.mul(b, RUNTIME.finite(torch.neg(torch.div(RUNTIME.half(a, a0, ), torch.mul(now, b0))), ))
        if ops.prim.requires_grad(a):
          s = torch.add(s, torch.mul(a, RUNTIME.finite(torch.mul(torch.add(torch.reciprocal(now), torch.reciprocal(b0)), 0.5), )))
        y = RUNTIME.graft(y, RUNTIME.shaped(s, y, ), )
    return y
  def matmul(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    y = torch.matmul(a, b)
    if self.compared(p, k, y):
      a0 = self.past(p, k, a)
      b0 = self.past(p, k, b)
      if self.joint(p, k, a, b):
        y = RUNTIME.graft(y, RUNTIME.product(a, a0, b, b0, ), )
    return y
  def bmm(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    return self.matmul(p, k, a, b)
  def baddbmm(self: TAPE, p: int, k: int, c: Tensor, a: Tensor, b: Tensor, beta: float, alpha: float) -> Tensor:
    y = torch.baddbmm(c, a, b, beta=beta, alpha=alpha)
    if self.compared(p, k, y):
      a0 = self.past(p, k, a)
      b0 = self.past(p, k, b)
      if self.joint(p, k, a, b):
        s = torch.mul(RUNTIME.product(a, a0, b, b0, ), alpha)
        y = RUNTIME.graft(y, torch.add(s, torch.mul(c, beta)), )
    return y
  def einsum(self: TAPE, p: int, k: int, equation: str, x: List[Tensor]) -> Tensor:
    y = torch.einsum(equation, x)
    if torch.len(x) > 1 and self.compared(p, k, y):
      past = annotate(List[Tensor], [])
      changing = annotate(List[int], [])
      for i in range(torch.len(x)):
        torch.append(past, self.past(p, k, x[i]))
        if self.mode == 1 and ops.prim.requires_grad(x[i]):
          torch.append(changing, i)
      if torch.len(changing) > 1 and self.changed(p, k, x[changing[0]]):
        if torch.len(changing) > 2:
          _0 = self.refuse("joint", p, k)
        i, j, = (changing[0], changing[1])
        u = torch.list(x)
        v = torch.list(x)
        _1 = torch._set_item(u, j, RUNTIME.half(x[j], past[j], ))
        _2 = torch._set_item(v, i, RUNTIME.half(x[i], past[i], ))
        y = RUNTIME.graft(y, torch.add(torch.einsum(equation, u), torch.einsum(equation, v)), )
    return y
  def sdpa(self: TAPE, p: int, k: int, q: Tensor, key: Tensor, v: Tensor, mask: Optional[Tensor], dropout: float, causal: bool, scale: Optional[float], gqa: bool) -> Tensor:
    y = torch.scaled_dot_product_attention(q, key, v, mask, dropout, causal, scale=scale, enable_gqa=gqa)
    if self.compared(p, k, q):
      q0 = self.past(p, k, q)
      key0 = self.past(p, k, key)
      v0 = self.past(p, k, v)
      mask0 = mask
      if mask is not None:
        mask0 = self.past(p, k, mask)
      if self.changed(p, k, y):
        if dropout > 0.:
          _0 = self.refuse("random", p, k)
        y = RUNTIME.graft(y, RUNTIME.attention(q, q0, key, key0, v, v0, mask, mask0, causal, scale, gqa, ), )
    return y
PARTSdef graft(y: Tensor, s: Tensor) -> Tensor:
  _0 = torch.copy_(torch.detach(s), torch.detach(y))
  return s
def ulp(x: Tensor) -> float:
  t = ops.prim.dtype(x)
  u = 1.1920928955078125e-07
  if t == 7:
    u = 2.220446049250313e-16
  elif t == 5:
    u = 0.0009765625
  elif t == 15:
    u = 0.0078125
  return u
def finite(x: Tensor) -> Tensor:
  return torch.nan_to_num(x, 0., 0., 0.)
def slope(z: Tensor, z0: Tensor, y: Tensor, y0: Tensor, d: Tensor, near: float) -> Tensor:
  noise = torch.mul_(torch.add_(torch.abs(z), torch.abs(y)), 16. * RUNTIME.ulp(z, ))
  return RUNTIME.ratio(torch.sub(y, y0), torch.sub(z, z0), noise, d, near, )
def rectified(z: Tensor, z0: Tensor, near: float) -> Tensor:
  d = torch.abs_(torch.sub(z, z0))
  m = torch.clamp_(torch.nan_to_num_(torch.div_(torch.maximum(z, z0), d), 0., 1., 0.), 0., 1.)
  if near > 1e-10:
    m = torch.where(torch.le(d, near), torch.to(torch.gt(z, 0.), ops.prim.dtype(z)), m)
  return m
def rooted(x: Tensor, x0: Tensor, dims: List[int], over: float, root: bool, keep: bool) -> Tensor:
  now = torch.detach(x)
  h = torch.div(torch.add(now, x0), over)
  if root:
    n = torch.sqrt(torch.div(torch.sum(torch.mul(now, now), dims, True), over))
    n0 = torch.sqrt(torch.div(torch.sum(torch.mul(x0, x0), dims, True), over))
    h = RUNTIME.finite(torch.div(h, torch.add(n, n0)), )
  return torch.sum(torch.mul(x, h), dims, keep)
def powered(x: Tensor, x0: Tensor, order: float, dims: List[int], keep: bool, near: float) -> Tensor:
  now = torch.abs(torch.detach(x))
  then = torch.abs(x0)
  u = torch.pow(now, order)
  u0 = torch.pow(then, order)
  d = torch.mul(torch.mul(torch.pow(now, order - 1.), torch.sign(torch.detach(x))), order)
  m = RUNTIME.slope(torch.detach(x), x0, u, u0, RUNTIME.finite(d, ), near, )
  t = torch.sum(u, dims, True)
  t0 = torch.sum(u0, dims, True)
  r = torch.pow(t, 1. / order)
  n = RUNTIME.slope(t, t0, r, torch.pow(t0, 1. / order), RUNTIME.finite(torch.div(r, torch.mul(t, order)), ), 0., )
  return torch.sum(torch.mul(x, torch.mul(m, n)), dims, keep)
def crossing(z: Tensor, z0: Tensor, y: Tensor, y0: Tensor, i: Tensor) -> Tensor:
  a = torch.unsqueeze(z, -2)
  a0 = torch.unsqueeze(z0, -2)
  b = torch.unsqueeze(y, -1)
  b0 = torch.unsqueeze(y0, -1)
  up = torch.logical_and(torch.ge(a, b), torch.le(a0, b0))
  down = torch.logical_and(torch.le(a, b), torch.ge(a0, b0))
  fits = torch.where(torch.ge(b, b0), up, down)
  far = torch.add(torch.abs(torch.sub(a, b)), torch.abs(torch.sub(a0, b0)))
  best, at, = torch.min(torch.masked_fill(far, torch.logical_not(fits), inf), -1, False)
  return torch.where(torch.isfinite(best), at, i)
def between(high: Tensor, d: Tensor) -> Tensor:
  t = torch.abs(d)
  return torch.mul(high, torch.where(torch.gt(t, 0.), torch.div(torch.neg(torch.expm1(torch.neg(t))), t), torch.ones_like(t)))
def spread(z: Tensor, z0: Tensor, dim: int) -> Tuple[Tensor, Tensor]:
  d = RUNTIME.finite(torch.sub(z, z0), )
  high = torch.maximum(z, z0)
  shift = RUNTIME.finite(torch.amax(high, [dim], True), )
  e = RUNTIME.between(torch.exp(torch.sub(high, shift)), d, )
  rise = torch.sum(torch.mul(e, d), [dim], True)
  low = torch.minimum(torch.sum(torch.exp(torch.sub(z, shift)), [dim], True), torch.sum(torch.exp(torch.sub(z0, shift)), [dim], True))
  size = torch.abs(rise)
  r = torch.div(size, low)
  near = torch.div(torch.where(torch.gt(r, 1e-20), torch.div(torch.log1p(r), r), torch.ones_like(r)), low)
  gap = torch.abs(torch.sub(torch.logsumexp(z, [dim], True), torch.logsumexp(z0, [dim], True)))
  factor = torch.where(torch.lt(size, low), near, torch.div(gap, size))
  return (RUNTIME.finite(torch.mul(e, factor), ), RUNTIME.finite(torch.sub(d, torch.mul(rise, factor)), ))
def softmax(z: Tensor, z0: Tensor, dim: int) -> Tensor:
  now = torch.detach(z)
  m, d, = RUNTIME.spread(now, z0, dim, )
  y = torch.softmax(now, dim)
  r = RUNTIME.finite(RUNTIME.between(torch.maximum(y, torch.softmax(z0, dim)), d, ), )
  return RUNTIME.graft(y, torch.mul(torch.sub(z, torch.sum(torch.mul(z, m), [dim], True)), r), )
def log_softmax(z: Tensor, z0: Tensor, dim: int) -> Tensor:
  now = torch.detach(z)
  m, d, = RUNTIME.spread(now, z0, dim, )
  return RUNTIME.graft(torch.log_softmax(now, dim), torch.sub(z, torch.sum(torch.mul(z, m), [dim], True)), )
def routed(z: Tensor, z0: Tensor, y: Tensor, y0: Tensor, i: Tensor, i0: Tensor, near: float) -> Tensor:
  at = torch.where(torch.lt(y, y0), i0, i)
  dz = torch.sub(torch.gather(torch.detach(z), -1, at), torch.gather(z0, -1, at))
  far = torch.gt(torch.abs(dz), near)
  m = torch.where(far, torch.div(torch.sub(y, y0), dz), torch.ones_like(dz))
  return RUNTIME.graft(y, torch.mul(torch.gather(z, -1, at), RUNTIME.finite(m, )), )
def rows(x: Tensor, dims: List[int]) -> Tensor:
  n = torch.dim(x)
  kept = annotate(List[int], [])
  moved = annotate(List[int], [])
  for d in dims:
    torch.append(moved, (d + n) % n)
  for d in range(n):
    if not torch.__contains__(moved, d):
      torch.append(kept, d)
  k = torch.len(kept)
  if torch.len(moved) == 0:
    k = 0
    moved = kept
    kept = annotate(List[int], [])
  return torch.flatten(torch.permute(x, kept + moved), k)
def normed(x: Tensor, x0: Tensor, dims: List[int], eps: float, centred: bool) -> Tensor:
  c = x
  c0 = x0
  if centred:
    c = torch.sub(x, torch.mean(x, dims, True))
    c0 = torch.sub(x0, torch.mean(x0, dims, True))
  now = torch.detach(c)
  h = torch.mul(torch.add(now, c0), 0.5)
  i = torch.rsqrt(torch.add(torch.mean(torch.mul(now, now), dims, True), eps))
  i0 = torch.rsqrt(torch.add(torch.mean(torch.mul(c0, c0), dims, True), eps))
  p = torch.mul(i, i0)
  k = torch.div(torch.mul(torch.mul(p, p), -2.), torch.add(i, i0))
  return torch.add(torch.mul(c, torch.mul(torch.add(i, i0), 0.5)), torch.mul(torch.mul(torch.mean(torch.mul(c, h), dims, True), k), h))
def compared(code: int, x: Tensor, t: Tensor) -> Tensor:
  if code == Compare.GT:
    y = torch.gt(x, t)
  elif code == Compare.GE:
    y = torch.ge(x, t)
  elif code == Compare.LT:
    y = torch.lt(x, t)
  elif code == Compare.LE:
    y = torch.le(x, t)
  elif code == Compare.EQ:
    y = torch.eq(x, t)
  else:
    y = torch.ne(x, t)
  return y
def choice(y: Tensor, s: Tensor, c: Tensor, c0: Tensor, a: Tensor, a0: Tensor, b: Tensor, b0: Tensor) -> Tensor:
  t = ops.prim.dtype(y)
  one = torch.to(c, t)
  flips = torch.logical_xor(c, c0)
  h = torch.to(torch.mul(torch.add(torch.sub(torch.detach(a), torch.detach(b)), torch.sub(a0, b0)), 0.5), t)
  sure = torch.isfinite(h)
  share = torch.mul(torch.to(sure, t), 0.5)
  rise = RUNTIME.finite(torch.mul(torch.sub(torch.detach(y), torch.where(c0, a0, b0)), torch.sub(one, torch.to(c0, t))), )
  by = torch.where(flips, torch.where(sure, h, rise), torch.zeros_like(rise))
  va = torch.mul(a, torch.where(flips, share, one))
  vb = torch.mul(b, torch.where(flips, share, torch.sub(torch.ones_like(one), one)))
  return torch.to(torch.add(torch.add(va, vb), torch.mul(torch.to(s, t), by)), t)
def half(x: Tensor, x0: Tensor) -> Tensor:
  return torch.mul(torch.add(torch.detach(x), x0), 0.5)
def product(a: Tensor, a0: Tensor, b: Tensor, b0: Tensor) -> Tensor:
  return torch.add(torch.matmul(a, RUNTIME.half(b, b0, )), torch.matmul(RUNTIME.half(a, a0, ), b))
def shaped(s: Tensor, y: Tensor) -> Tensor:
  return torch.add(s, torch.zeros_like(torch.detach(y)))
def last(n: int) -> List[int]:
  dims = annotate(List[int], [])
  for d in range(n):
    torch.append(dims, -1 - d)
  return dims
def grouped(x: Tensor, x0: Tensor, groups: int, w: Optional[Tensor], eps: float) -> Tensor:
  n = torch.size(x, 0) * groups
  s = torch.reshape(RUNTIME.normed(torch.reshape(x, [n, -1]), torch.reshape(x0, [n, -1]), [-1], eps, True, ), torch.size(x))
  if w is not None:
    s = torch.mul(s, torch.reshape(w, [-1] + [1] * (torch.dim(x) - 2)))
  return s
def repeated(x: Tensor, n: int) -> Tensor:
  if n > 1:
    x = torch.repeat_interleave(x, n, -3)
  return x
def attention(q: Tensor, q0: Tensor, k: Tensor, k0: Tensor, v: Tensor, v0: Tensor, mask: Optional[Tensor], mask0: Optional[Tensor], causal: bool, scale: Optional[float], gqa: bool) -> Tensor:
  c = torch.pow(float(torch.size(q, -1)), -0.5)
  if scale is not None:
    c = scale
  g = 1
  if gqa:
    g = torch.size(q, -3) // torch.size(k, -3)
  t = torch.transpose(RUNTIME.repeated(k, g, ), -2, -1)
  t0 = torch.transpose(RUNTIME.repeated(k0, g, ), -2, -1)
  w = RUNTIME.repeated(v, g, )
  w0 = RUNTIME.repeated(v0, g, )
  z0 = torch.mul(torch.matmul(q0, t0), c)
  z = RUNTIME.graft(torch.mul(torch.matmul(torch.detach(q), torch.detach(t)), c), torch.mul(RUNTIME.product(q, q0, t, t0, ), c), )
  if causal:
    future = torch.logical_not(torch.tril(torch.ones_like(z0, dtype=11)))
    z = torch.masked_fill(z, future, -inf)
    z0 = torch.masked_fill(z0, future, -inf)
  if mask is not None and mask0 is not None:
    if ops.prim.dtype(mask) == 11:
      z = torch.masked_fill(z, torch.logical_not(mask), -inf)
      z0 = torch.masked_fill(z0, torch.logical_not(mask0), -inf)
    else:
      z = torch.add(z, mask)
      z0 = torch.add(z0, mask0)
  p0 = RUNTIME.finite(torch.softmax(z0, -1), )
  p = RUNTIME.softmax(z, z0, -1, )
  p = RUNTIME.graft(RUNTIME.finite(torch.detach(p), ), torch.mul(p, 1.), )
  return RUNTIME.product(p, p0, w, w0, )
def convolved(x: Tensor, w: Tensor, b: Optional[Tensor], stride: List[int], padding: List[int], dilation: List[int], transposed: bool, output_padding: List[int], groups: int) -> Tensor:
  if torch.dim(x) < torch.dim(w):
    y = torch.squeeze(torch.convolution(torch.unsqueeze(x, 0), w, b, stride, padding, dilation, transposed, output_padding, groups), 0)
  else:
    y = torch.convolution(x, w, b, stride, padding, dilation, transposed, output_padding, groups)
  return y
def ratio(dy: Tensor, dz: Tensor, noise: Tensor, d: Tensor, near: float) -> Tensor:
  size = torch.abs(dz)
  close = torch.le(torch.maximum(size, torch.abs(dy)), noise)
  far = torch.logical_and(torch.gt(size, near), torch.logical_not(close))
  return torch.nan_to_num_(torch.where(far, torch.div(dy, dz), d), 0., 0., 0.)
def revealed(z: Tensor, z0: Tensor, y: Tensor, y0: Tensor, up: Tensor, down: Tensor, rise: Tensor, fall: Tensor, d: Tensor, near: float) -> Tensor:
  noise = torch.mul_(torch.add_(torch.abs(z), torch.abs(y)), 16. * RUNTIME.ulp(z, ))
  climb = torch.mul(torch.add(torch.sub(up, y0), torch.sub(y, down)), 0.5)
  drop = torch.mul(torch.add(torch.sub(down, y0), torch.sub(y, up)), 0.5)
  p = RUNTIME.ratio(climb, torch.detach(rise), noise, d, near, )
  n = RUNTIME.ratio(drop, torch.detach(fall), noise, d, near, )
  return torch.add(torch.mul(rise, p), torch.mul(fall, n))
