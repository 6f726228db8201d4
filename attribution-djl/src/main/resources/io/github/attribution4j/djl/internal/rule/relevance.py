# Layer-wise relevance propagation by surrogates: every value is that of the model, and the derivative of every result is made so that the
# vector-Jacobian product of autograd is the rule of the operation. What arrives is relevance, what leaves is relevance.
  kept : List[Tensor]
  geometry : List[List[int]]
  versions : List[int]
  conditions : List[Tensor]
  origins : List[Tensor]
  def prepare(self: TAPE) -> NoneType:
    self.conditions = annotate(List[Tensor], [])
    self.origins = annotate(List[Tensor], [])
    self.kept = annotate(List[Tensor], [])
    self.geometry = annotate(List[List[int]], [])
    self.versions = annotate(List[int], [])
    return None
  def kind(self: TAPE, p: int, k: int) -> int:
    r = self.rule(p, k)
    c = r
    if r > 0:
      c = int(self.numbers(r)[0])
    if r < 0:
      _0 = self.refuse("rule", p, k)
    return c
  def misfit(self: TAPE, p: int, k: int) -> NoneType:
    _0 = self.refuse("misfit", p, k)
    return None
  # The stabiliser of an operation that has no weights of its own to take parts of.
  def stabiliser(self: TAPE, p: int, k: int) -> float:
    r = self.rule(p, k)
    eps = 0.
    if r > 0:
      n = self.numbers(r)
      if n[0] == Rule.WEIGHTED. and not RUNTIME.is_epsilon(n, ):
        _0 = self.misfit(p, k)
      if n[0] == Rule.NORM. or n[0] > Rule.STOP.:
        eps = n[1]
    return eps
  def before(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    _0 = self.push(k, x)
    y = x
    if RUNTIME.alive(x, ):
      c = self.kind(p, k)
      if c == Rule.PASS or c == Rule.STOP:
        y = torch.detach(x)
      else:
        y = RUNTIME.scaled(x, 1., )
    return y
  def activation(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    z = annotate(List[Tensor], [])
    for x in self.take(k):
      if RUNTIME.alive(x, ):
        torch.append(z, x)
    if torch.len(z) == 0:
      _0 = self.unknown(p, k, y)
    r = y
    if torch.len(z) > 0:
      c = self.kind(p, k)
      if c == Rule.PASS:
        if torch.len(z) != 1:
          _0 = self.refuse("shape", p, k)
        if torch.ne(torch.size(z[0]), torch.size(y)):
          _0 = self.refuse("shape", p, k)
        r = RUNTIME.passed(y, z[0], )
      elif c == Rule.STOP:
        r = torch.detach(y)
      elif c == Rule.GRADIENT:
        r = RUNTIME.link(y, y, RUNTIME.inverse(y, 0., ), )
      else:
        _0 = self.misfit(p, k)
    return r
  def linear(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    given = self.take(k)
    z = annotate(List[Tensor], [])
    for x in given:
      if RUNTIME.alive(x, ):
        torch.append(z, x)
    if torch.len(z) == 0:
      _0 = self.unknown(p, k, y)
    r = y
    if torch.len(z) > 0:
      c = self.kind(p, k)
      if c == Rule.STOP:
        r = torch.detach(y)
      elif c == Rule.PASS:
        if torch.len(z) > 1 or (torch.len(given) == 1 and torch.ne(torch.size(z[0]), torch.size(y))):
          _0 = self.refuse("shape", p, k)
        r = RUNTIME.passed(y, torch.expand_as(z[0], y), )
      elif c == Rule.SOFTMAX_TAYLOR or c == Rule.UNIFORM or c == Rule.CONSTANT_DEVIATION:
        _0 = self.misfit(p, k)
      else:
        r = RUNTIME.link(y, y, RUNTIME.inverse(y, self.stabiliser(p, k), ), )
    return r
  # Multilinear operations that have no method of their own.
  def product(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    alive = 0
    for x in self.take(k):
      alive = alive + int(RUNTIME.alive(x, ))
    if alive == 0:
      _0 = self.unknown(p, k, y)
    r = y
    if alive > 0:
      f = self.portion(p, k, alive)
      r = torch.detach(y)
      if f != 0.:
        r = RUNTIME.link(y, y, RUNTIME.inverse(y, self.stabiliser(p, k), ) * f, )
    return r
  # Operations of which nothing is known.
  def other(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    alive = False
    for x in self.take(k):
      alive = alive or RUNTIME.alive(x, )
    if not alive:
      _0 = self.unknown(p, k, y)
    r = y
    if alive:
      c = self.rule(p, k)
      if c > 0:
        c = int(self.numbers(c)[0])
      if c == Rule.GRADIENT:
        r = RUNTIME.link(y, y, RUNTIME.inverse(y, 0., ), )
      elif c == Rule.STOP:
        r = torch.detach(y)
      else:
        _0 = self.refuse("unknown", p, k)
    return r
  # A derivative that is not made relevance cannot be let through, whatever the rule.
  def unknown(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    if RUNTIME.alive(x, ):
      _0 = self.refuse("opaque", p, k)
    return x
  def recurrent(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    if RUNTIME.alive(x, ):
      _0 = self.refuse("recurrent", p, k)
    return x
  def inputs(self: TAPE, x: Tensor, kind: int, g: List[int], n: List[float], p: int, k: int) -> Tensor:
    m = torch.detach(x)
    if kind == Input.POSITIVE:
      m = torch.clamp_min(m, 0)
    elif kind == Input.NEGATIVE:
      m = torch.clamp_max(m, 0)
    elif kind == Input.ONE:
      m = torch.ones_like(m)
    elif kind > Input.ONE:
      at = 3
      if kind == Input.HIGH:
        at = 4 + int(n[3])
      count = int(n[at])
      bounds = torch.to(torch.tensor(torch.slice(n, at + 1, at + 1 + count, 1), device=ops.prim.device(m)), ops.prim.dtype(m))
      axis = 1
      if torch.len(g) == 0:
        axis = torch.dim(m) - 1
      elif g[0] < 2:
        axis = torch.dim(m) - (torch.len(g) - 2) // 4 - 1
      if count != 1 and count != torch.size(m, axis):
        _0 = self.refuse("bounds", p, k)
      m = torch.expand_as(RUNTIME.along(bounds, axis, torch.dim(m), ), m)
    xd = torch.detach(x)
    return m + torch.nan_to_num(x - xd, 0., 0., 0.) * m
  # A weighted rule. y: value of the operation; whole: the operation on scaled inputs, bias included, if a term needs it.
  def explained(self: TAPE, p: int, k: int, x: Tensor, w: Tensor, b: Tensor, g: List[int], n: List[float], y: Tensor, whole: List[Tensor]) -> Tensor:
    r = torch.detach(y)
    biased = torch.numel(b) > 0
    signed = False
    if RUNTIME.takes(n, Input.NEGATIVE, -1, ) and torch.numel(x) > 0:
      signed = bool(torch.lt(torch.min(torch.detach(x)), 0))
    i = RUNTIME.groups_at(n, )
    groups = int(n[i])
    i = i + 1
    for j in range(groups):
      share = n[i]
      terms = int(n[i + 1])
      i = i + 2
      z = annotate(List[Tensor], [])
      for t in range(terms):
        sign = n[i]
        input = int(n[i + 1])
        weight = int(n[i + 2])
        bias = int(n[i + 3])
        i = i + 4
        plus = annotate(Optional[Tensor], None)
        if biased and bias != Bias.ZERO:
          if bias == Bias.RAISED:
            plus = RUNTIME.part(b, Weight.RAISED, n[2], )
          else:
            plus = RUNTIME.part(b, bias, n[2], )
        if input == Input.VALUE and weight == Weight.VALUE and torch.len(whole) > 0:
          v = whole[0]
          if biased and bias != Bias.VALUE:
            change = torch.neg(b)
            if plus is not None:
              change = plus - b
            v = v + RUNTIME.spread(change, g, torch.dim(v), )
        elif input == Input.NEGATIVE and not signed:
          # Without negative inputs only the bias is left of this term.
          v = torch.zeros_like(r)
          if plus is not None:
            v = v + RUNTIME.spread(plus, g, torch.dim(v), )
        else:
          v = RUNTIME.operate(self.inputs(x, input, g, n, p, k), RUNTIME.part(w, weight, n[2], ), plus, g, )
        if sign != 1.:
          v = v * sign
        if torch.len(z) == 0:
          torch.append(z, v)
        else:
          torch._set_item(z, 0, z[0] + v)
      m = RUNTIME.inverse(z[0], n[1], )
      if share != 1.:
        m = m * share
      r = r + torch.nan_to_num(z[0] - torch.detach(z[0]), 0., 0., 0.) * m
    return r
  # Numbers of a weighted rule for a linear operation with weights, whichever way it is given; none if it passes, stops or does not fit.
  def terms(self: TAPE, p: int, k: int) -> List[float]:
    c = self.kind(p, k)
    n = annotate(List[float], [])
    if c == Rule.GRADIENT:
      n = [Rule.WEIGHTED., 0., 0., 0., 0., 1., 1., 1., 1., Input.VALUE., Weight.VALUE., Bias.VALUE.]
    elif c == Rule.NORM or c == Rule.CONSTANT_DEVIATION:
      n = [Rule.WEIGHTED., self.numbers(self.rule(p, k))[1], 0., 0., 0., 1., 1., 1., 1., Input.VALUE., Weight.VALUE., Bias.VALUE.]
    elif c == Rule.WEIGHTED:
      n = self.numbers(self.rule(p, k))
    elif c != Rule.PASS and c != Rule.STOP:
      _0 = self.misfit(p, k)
    return n
  def weighted(self: TAPE, p: int, k: int, x: Tensor, w: Tensor, b: Optional[Tensor], g: List[int]) -> Tensor:
    n = self.terms(p, k)
    if torch.len(n) == 0:
      r = RUNTIME.operate(torch.detach(x), w, b, g, )
      if self.kind(p, k) == Rule.PASS:
        if torch.ne(torch.size(x), torch.size(r)):
          _0 = self.refuse("shape", p, k)
        r = RUNTIME.passed(r, x, )
    else:
      whole = annotate(List[Tensor], [])
      if RUNTIME.takes(n, Input.VALUE, Weight.VALUE, ):
        y = RUNTIME.operate(RUNTIME.scaled(x, 1., ), w, b, g, )
        torch.append(whole, y)
      else:
        y = RUNTIME.operate(torch.detach(x), w, b, g, )
      bias = torch.zeros([0])
      if b is not None:
        bias = b
      r = self.explained(p, k, x, w, bias, g, n, y, whole)
      if torch.len(self.geometry) > 3:
        self.kept = torch.slice(self.kept, torch.len(self.kept) - 15, torch.len(self.kept), 1)
        _0 = torch.pop(self.geometry, 0)
        _1 = torch.pop(self.versions, 0)
      torch.append(self.geometry, [p, k] + g)
      path = torch.zeros([0])
      if torch.len(whole) > 0:
        path = whole[0]
      torch.extend(self.kept, [r, x, w, bias, path])
      torch.append(self.versions, torch._version(r))
    return r
  def dense(self: TAPE, p: int, k: int, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
    if RUNTIME.alive(w, ) or RUNTIME.alive_optional(b, ):
      y = self.matmul(p, k, x, torch.t(w))
      if b is not None:
        _0 = self.push(k, y)
        _1 = self.push(k, b)
        y = self.linear(p, k, RUNTIME.scaled(y, 1., ) + RUNTIME.scaled(b, 1., ))
    elif RUNTIME.alive(x, ):
      y = self.weighted(p, k, x, w, b, annotate(List[int], []))
    else:
      y = RUNTIME.operate(x, w, b, annotate(List[int], []), )
    return y
  def convolution(self: TAPE, p: int, k: int, x: Tensor, w: Tensor, b: Optional[Tensor], stride: List[int], padding: List[int], dilation: List[int], transposed: bool, output_padding: List[int], groups: int) -> Tensor:
    if RUNTIME.alive(w, ) or RUNTIME.alive_optional(b, ):
      _0 = self.refuse("weight", p, k)
    if RUNTIME.alive(x, ):
      n = torch.dim(w) - 2
      g = [int(transposed), groups]
      for v in [stride, padding, dilation, output_padding]:
        if torch.len(v) == n:
          torch.extend(g, v)
        else:
          torch.extend(g, [v[0]] * n)
      y = self.weighted(p, k, x, w, b, g)
    else:
      y = RUNTIME.convolved(x, w, b, stride, padding, dilation, transposed, output_padding, groups, )
    return y
  def batch_norm(self: TAPE, p: int, k: int, x: Tensor, w: Optional[Tensor], b: Optional[Tensor], mean: Optional[Tensor], var: Optional[Tensor], training: bool, momentum: float, eps: float, cudnn: bool) -> Tensor:
    y = torch.batch_norm(torch.detach(x), w, b, mean, var, training, momentum, eps, cudnn)
    if RUNTIME.alive(x, ):
      if training or mean is None or var is None:
        _0 = self.refuse("statistics", p, k)
      else:
        s = torch.rsqrt(var + eps)
        if w is not None:
          s = s * w
        t = torch.neg(mean * s)
        if b is not None:
          t = t + b
        found = -1
        for i in range(torch.len(self.geometry)):
          # The tensor itself, and not written to since, as by an activation in place.
          if torch.__is__(self.kept[5 * i], x) and self.versions[i] == torch._version(x):
            found = i
        if found >= 0:
          g = torch.slice(self.geometry[found], 2, torch.len(self.geometry[found]), 1)
          if torch.len(g) == 1 or (torch.len(g) == 0 and torch.dim(x) != 2):
            found = -1
        if found >= 0:
          y = self.merged(found, y, s, t)
        else:
          y = self.affine(p, k, x, y, s, t)
    return y
  # The operation before a batch norm and the batch norm, explained as one operation by the rule of the first.
  def merged(self: TAPE, i: int, y: Tensor, s: Tensor, t: Tensor) -> Tensor:
    result, x, w, b, path, = torch.slice(self.kept, 5 * i, 5 * i + 5, 1)
    place = self.geometry[i]
    g = torch.slice(place, 2, torch.len(place), 1)
    whole = annotate(List[Tensor], [])
    if torch.numel(path) > 0:
      torch.append(whole, path * RUNTIME.along(s, 1, torch.dim(path), ) + RUNTIME.along(t, 1, torch.dim(path), ))
    bias = t
    if torch.numel(b) > 0:
      bias = b * s + t
    return self.explained(place[0], place[1], x, RUNTIME.rescaled(w, s, g, ), bias, g, self.terms(place[0], place[1]), y, whole)
  def affine(self: TAPE, p: int, k: int, x: Tensor, y: Tensor, s: Tensor, t: Tensor) -> Tensor:
    c = self.kind(p, k)
    r = torch.detach(y)
    if c == Rule.PASS:
      r = RUNTIME.passed(y, x, )
    elif c != Rule.STOP:
      w = RUNTIME.along(s, 1, torch.dim(x), )
      b = RUNTIME.along(t, 1, torch.dim(x), )
      n = self.terms(p, k)
      whole = annotate(List[Tensor], [])
      if RUNTIME.takes(n, Input.VALUE, Weight.VALUE, ):
        torch.append(whole, RUNTIME.scaled(x, 1., ) * w + b)
      r = self.explained(p, k, x, w, b, [2], n, y, whole)
    return r
  # Norms by statistics of the example itself. y: value; z: operand in groups (dims are reduced); w, b: shaped for z.
  def centred(self: TAPE, p: int, k: int, x: Tensor, y: Tensor, z: Tensor, dims: List[int], w: Optional[Tensor], b: Optional[Tensor], eps: float) -> Tensor:
    c = self.kind(p, k)
    r = torch.detach(y)
    if c == Rule.PASS:
      r = RUNTIME.passed(y, x, )
    elif c == Rule.NORM or c == Rule.CONSTANT_DEVIATION or c == Rule.WEIGHTED:
      u = RUNTIME.scaled(z, 1., )
      path = u - torch.mean(u, dims, True)
      zd = torch.detach(z)
      path = path * torch.rsqrt(torch.var(zd, dims, False, True) + eps)
      if w is not None:
        path = path * w
      if b is not None:
        path = path + b
      path = torch.reshape(path, torch.size(y))
      r = RUNTIME.link(y, path, RUNTIME.inverse(path, self.stabiliser(p, k), ), )
    elif c != Rule.STOP:
      _0 = self.misfit(p, k)
    return r
  def layer_norm(self: TAPE, p: int, k: int, x: Tensor, shape: List[int], w: Optional[Tensor], b: Optional[Tensor], eps: float) -> Tensor:
    if not RUNTIME.alive(x, ):
      y = torch.layer_norm(x, shape, w, b, eps)
    elif self.kind(p, k) == Rule.GRADIENT:
      v = torch.layer_norm(RUNTIME.scaled(x, 1., ), shape, w, b, eps)
      y = RUNTIME.link(v, v, RUNTIME.inverse(v, 0., ), )
    else:
      dims = annotate(List[int], [])
      for i in range(torch.len(shape)):
        torch.append(dims, torch.dim(x) - torch.len(shape) + i)
      y = self.centred(p, k, x, torch.layer_norm(torch.detach(x), shape, w, b, eps), x, dims, w, b, eps)
    return y
  def group_norm(self: TAPE, p: int, k: int, x: Tensor, groups: int, w: Optional[Tensor], b: Optional[Tensor], eps: float) -> Tensor:
    y = torch.group_norm(torch.detach(x), groups, w, b, eps)
    if RUNTIME.alive(x, ):
      y = self.grouped(p, k, x, y, groups, w, b, eps)
    return y
  def instance_norm(self: TAPE, p: int, k: int, x: Tensor, w: Optional[Tensor], b: Optional[Tensor], eps: float) -> Tensor:
    y = torch.instance_norm(torch.detach(x), w, b, None, None, True, 0., eps, False)
    if RUNTIME.alive(x, ):
      y = self.grouped(p, k, x, y, torch.size(x, 1), w, b, eps)
    return y
  def instance_norm_if(self: TAPE, p: int, k: int, x: Tensor, w: Optional[Tensor], b: Optional[Tensor], mean: Optional[Tensor], var: Optional[Tensor], own: bool, momentum: float, eps: float, cudnn: bool) -> Tensor:
    if own:
      y = self.instance_norm(p, k, x, w, b, eps)
    else:
      y = self.batch_norm(p, k, x, w, b, mean, var, False, momentum, eps, cudnn)
    return y
  def grouped(self: TAPE, p: int, k: int, x: Tensor, y: Tensor, groups: int, w: Optional[Tensor], b: Optional[Tensor], eps: float) -> Tensor:
    if self.kind(p, k) == Rule.GRADIENT:
      r = RUNTIME.link(y, torch.group_norm(RUNTIME.scaled(x, 1., ), groups, w, b, eps), RUNTIME.inverse(y, 0., ), )
    else:
      z = torch.reshape(x, [torch.size(x, 0), groups, torch.size(x, 1) // groups, -1])
      w0 = annotate(Optional[Tensor], None)
      if w is not None:
        w0 = torch.reshape(w, [1, groups, -1, 1])
      b0 = annotate(Optional[Tensor], None)
      if b is not None:
        b0 = torch.reshape(b, [1, groups, -1, 1])
      r = self.centred(p, k, x, y, z, [2, 3], w0, b0, eps)
    return r
  # A root mean square that is held constant only scales.
  def rms_norm(self: TAPE, p: int, k: int, x: Tensor, shape: List[int], w: Optional[Tensor], eps: Optional[float]) -> Tensor:
    y = torch.rms_norm(torch.detach(x), shape, w, eps)
    if RUNTIME.alive(x, ):
      c = self.kind(p, k)
      if c == Rule.GRADIENT:
        y = RUNTIME.link(y, torch.rms_norm(RUNTIME.scaled(x, 1., ), shape, w, eps), RUNTIME.inverse(y, 0., ), )
      elif c == Rule.PASS:
        y = RUNTIME.passed(y, x, )
      elif c == Rule.SOFTMAX_TAYLOR or c == Rule.UNIFORM:
        _0 = self.misfit(p, k)
      elif c != Rule.STOP:
        m = y * RUNTIME.inverse(y, self.stabiliser(p, k), )
        y = RUNTIME.link(y, x, m, )
    return y
  def softmax(self: TAPE, p: int, k: int, x: Tensor, dim: int, dtype: Optional[int]) -> Tensor:
    y = torch.softmax(torch.detach(x), dim, dtype)
    if RUNTIME.alive(x, ):
      y = self.softened(p, k, x, y, y, dim, torch.ones([], device=ops.prim.device(y)))
    return y
  def log_softmax(self: TAPE, p: int, k: int, x: Tensor, dim: int, dtype: Optional[int]) -> Tensor:
    y = torch.log_softmax(torch.detach(x), dim, dtype)
    if RUNTIME.alive(x, ):
      y = self.softened(p, k, x, y, torch.exp(y), dim, RUNTIME.inverse(y, 0., ))
    return y
  # First-order expansion of the softmax s at x, R_i = x_i (R_i - s_i sum_j R_j), with R multiplied by m.
  def softened(self: TAPE, p: int, k: int, x: Tensor, y: Tensor, s: Tensor, dim: int, m: Tensor) -> Tensor:
    c = self.kind(p, k)
    r = torch.detach(y)
    if c == Rule.PASS:
      r = RUNTIME.passed(y, x, )
    elif c == Rule.GRADIENT or c == Rule.SOFTMAX_TAYLOR:
      xd = torch.detach(x)
      v = torch.nan_to_num(x - xd, 0., 0., 0.) * torch.nan_to_num(xd, 0., 0., 0.)
      sd = torch.nan_to_num(s, 0., 0., 0.)
      r = r + (v - torch.sum(v * sd, [dim], True)) * m
    elif c != Rule.STOP:
      _0 = self.misfit(p, k)
    return r
  # Pooling by maximum: the derivative itself hands the relevance to the winner.
  def winner(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    y = x
    if RUNTIME.alive(x, ):
      if self.kind(p, k) == Rule.STOP:
        y = torch.detach(x)
    return y
  def max_pool1d(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tensor:
    return torch.max_pool1d(self.winner(p, k, x), kernel, stride, padding, dilation, ceil)
  def max_pool2d(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tensor:
    return torch.max_pool2d(self.winner(p, k, x), kernel, stride, padding, dilation, ceil)
  def max_pool3d(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tensor:
    return torch.max_pool3d(self.winner(p, k, x), kernel, stride, padding, dilation, ceil)
  def max_pool1d_with_indices(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tuple[Tensor, Tensor]:
    return torch.max_pool1d_with_indices(self.winner(p, k, x), kernel, stride, padding, dilation, ceil)
  def max_pool2d_with_indices(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tuple[Tensor, Tensor]:
    return torch.max_pool2d_with_indices(self.winner(p, k, x), kernel, stride, padding, dilation, ceil)
  def max_pool3d_with_indices(self: TAPE, p: int, k: int, x: Tensor, kernel: List[int], stride: List[int], padding: List[int], dilation: List[int], ceil: bool) -> Tuple[Tensor, Tensor]:
    return torch.max_pool3d_with_indices(self.winner(p, k, x), kernel, stride, padding, dilation, ceil)
  def adaptive_max_pool1d(self: TAPE, p: int, k: int, x: Tensor, size: List[int]) -> Tuple[Tensor, Tensor]:
    return torch.adaptive_max_pool1d(self.winner(p, k, x), size)
  def adaptive_max_pool2d(self: TAPE, p: int, k: int, x: Tensor, size: List[int]) -> Tuple[Tensor, Tensor]:
    return torch.adaptive_max_pool2d(self.winner(p, k, x), size)
  def adaptive_max_pool3d(self: TAPE, p: int, k: int, x: Tensor, size: List[int]) -> Tuple[Tensor, Tensor]:
    return torch.adaptive_max_pool3d(self.winner(p, k, x), size)
  def amax(self: TAPE, p: int, k: int, x: Tensor, dims: List[int], keep: bool) -> Tensor:
    return torch.amax(self.winner(p, k, x), dims, keep)
  def max_dim(self: TAPE, p: int, k: int, x: Tensor, dim: int, keep: bool) -> Tuple[Tensor, Tensor]:
    return torch.max(self.winner(p, k, x), dim, keep)
  # A condition on a value that depends on what is attributed, and the value.
  def remember(self: TAPE, c: Tensor, x: Tensor) -> NoneType:
    torch.append(self.conditions, c)
    torch.append(self.origins, x)
    return None
  def origin(self: TAPE, c: Tensor) -> List[Tensor]:
    found = annotate(List[Tensor], [])
    for i in range(torch.len(self.conditions)):
      if torch.__is__(self.conditions[i], c):
        found = [self.origins[i]]
    return found
  def step(self: TAPE, p: int, k: int, y: Tensor, code: int, x: Tensor, t: Tensor) -> Tensor:
    if RUNTIME.alive(x, ) and not RUNTIME.alive(t, ):
      _0 = self.remember(y, x)
    return y
  def logic(self: TAPE, p: int, k: int, y: Tensor, code: int, a: Tensor, b: Tensor) -> Tensor:
    u = self.origin(a)
    v = self.origin(b)
    if torch.len(u) > 0 and torch.len(v) > 0:
      if torch.__is__(u[0], v[0]):
        _0 = self.remember(y, u[0])
    return y
  def inverted(self: TAPE, p: int, k: int, y: Tensor, c: Tensor) -> Tensor:
    for x in self.origin(c):
      _0 = self.remember(y, x)
    return y
  def seen(self: TAPE, p: int, k: int, y: Tensor, c: Tensor, s: Tensor) -> Tensor:
    return y
  def surrogate(self: TAPE, p: int, k: int, c: Tensor) -> Tensor:
    return c
  def cast(self: TAPE, p: int, k: int, y: Tensor, c: Tensor) -> Tensor:
    return y
  # A choice between a value and a constant by a condition on the same value is an activation, which passes what the constant gets as well.
  def chosen(self: TAPE, p: int, k: int, y: Tensor, c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    r = y
    for x in self.origin(c):
      n = torch.len(self.targets)
      mine = torch.__is__(b, x) or torch.__is__(a, x)
      if n > 0:
        mine = mine or torch.__is__(self.targets[n - 1], x)
      one = RUNTIME.alive(a, ) != RUNTIME.alive(b, )
      if mine and one and torch.eq(torch.size(x), torch.size(y)):
        r = RUNTIME.passed(y, a if RUNTIME.alive(a, ) else b, )
    return r
  def put(self: TAPE, p: int, k: int, y: Tensor, c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    r = y
    if torch.numel(a) == 1 and torch.eq(torch.size(c), torch.size(b)):
      r = self.chosen(p, k, y, c, a, b)
    return r
  # Which operands a product shares relevance among, as the factor of each: 1 / their number, but 1 for the ordinary derivative, 0 if it stops.
  def portion(self: TAPE, p: int, k: int, alive: int) -> float:
    c = self.kind(p, k)
    f = 1. / alive
    if c == Rule.GRADIENT:
      f = 1.
    elif c == Rule.STOP:
      f = 0.
    elif c == Rule.PASS or c == Rule.SOFTMAX_TAYLOR or c == Rule.CONSTANT_DEVIATION:
      _0 = self.misfit(p, k)
    return f
  def mul(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    x = self.shared(p, k, [a, b])
    return self.share(p, k, x[0] * x[1])
  # a / b is the product of a and 1 / b, and what the reciprocal receives passes to b. The ordinary derivative does otherwise.
  def div(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    x = self.shared(p, k, [a, b])
    y = x[0] / x[1]
    if RUNTIME.alive(x[1], ):
      if self.kind(p, k) != Rule.GRADIENT:
        y = x[0] / torch.detach(b) + torch.detach(y) * (x[1] / torch.detach(b) - 1)
    return self.share(p, k, y)
  # A gate is the product of one half and the sigmoid of the other.
  def glu(self: TAPE, p: int, k: int, x: Tensor, dim: int) -> Tensor:
    n = torch.size(x, dim) // 2
    a = torch.narrow(x, dim, 0, n)
    b = torch.narrow(x, dim, n, n)
    derivative = False
    if RUNTIME.alive(x, ):
      derivative = self.kind(p, k) == Rule.GRADIENT
    if derivative:
      v = torch.glu(RUNTIME.scaled(x, 1., ), dim)
      y = RUNTIME.link(v, v, RUNTIME.inverse(v, 0., ), )
    else:
      y = self.mul(p, k, a, RUNTIME.passed(torch.sigmoid(torch.detach(b)), b, ))
    return y
  def plus(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    return self.share(p, k, self.summand(p, k, a) + self.summand(p, k, b))
  def times(self: TAPE, p: int, k: int, a: Tensor, factor: float) -> Tensor:
    return RUNTIME.passed(torch.detach(a) * factor, a, )
  def total(self: TAPE, p: int, k: int, x: Tensor, dims: List[int]) -> Tensor:
    return self.share(p, k, torch.sum(self.summand(p, k, x), dims))
  # Signal takes all: a gate only decides how much of the signal goes on.
  def gate(self: TAPE, p: int, k: int, g: Tensor, x: Tensor) -> Tensor:
    return RUNTIME.passed(torch.detach(g) * torch.detach(x), x, )
  def bent(self: TAPE, p: int, k: int, z: Tensor, kind: int) -> Tensor:
    zd = torch.detach(z)
    if kind == 0:
      y = torch.sigmoid(zd)
    elif kind == 1:
      y = torch.tanh(zd)
    else:
      y = torch.relu(zd)
    return RUNTIME.passed(y, z, )
  def entering(self: TAPE, p: int, k: int, x: Tensor) -> Tensor:
    y = x
    if RUNTIME.alive(x, ):
      c = self.kind(p, k)
      if c == Rule.GRADIENT:
        _0 = self.refuse("recurrent", p, k)
      if c == Rule.STOP:
        y = torch.detach(x)
    return y
  def grid_sampler(self: TAPE, p: int, k: int, x: Tensor, grid: Tensor, mode: int, padding: int, align: bool) -> Tensor:
    at = grid
    if RUNTIME.alive(grid, ):
      if self.kind(p, k) != Rule.GRADIENT:
        _0 = self.refuse("grid", p, k)
      at = RUNTIME.scaled(grid, 1., )
    return self.share(p, k, torch.grid_sampler(self.summand(p, k, x), at, mode, padding, align))
  # The share of a soft maximum is its derivative.
  def logsumexp(self: TAPE, p: int, k: int, x: Tensor, dims: List[int], keep: bool) -> Tensor:
    y = torch.logsumexp(self.winner(p, k, x), dims, keep)
    if RUNTIME.alive(y, ):
      if self.kind(p, k) == Rule.GRADIENT:
        v = torch.logsumexp(RUNTIME.scaled(x, 1., ), dims, keep)
        y = RUNTIME.link(v, v, RUNTIME.inverse(v, 0., ), )
    return y
  # A function of which f(a x) = a f(x), or the square of one, is shared in proportion to x f'(x).
  def scaling(self: TAPE, p: int, k: int, v: Tensor, degree: float) -> Tensor:
    y = v
    if RUNTIME.alive(v, ):
      c = self.kind(p, k)
      if c == Rule.STOP:
        y = torch.detach(v)
      elif c == Rule.GRADIENT:
        y = RUNTIME.link(v, v, RUNTIME.inverse(v, 0., ), )
      else:
        y = RUNTIME.link(v, v, RUNTIME.inverse(v, self.stabiliser(p, k), ) / degree, )
    return y
  def own(self: TAPE, x: Tensor) -> Tensor:
    y = x
    if RUNTIME.alive(x, ):
      y = RUNTIME.scaled(x, 1., )
    return y
  def norm(self: TAPE, p: int, k: int, x: Tensor, order: float, dims: Optional[List[int]], keep: bool, dtype: Optional[int]) -> Tensor:
    z = self.own(x)
    if dtype is not None:
      z = torch.to(z, dtype)
    if order == 0. and RUNTIME.alive(x, ):
      _0 = self.refuse("unknown", p, k)
    return self.scaling(p, k, torch.norm(z, order, RUNTIME.axes(x, dims, ), keep), 1.)
  def var(self: TAPE, p: int, k: int, x: Tensor, dims: Optional[List[int]], correction: float, keep: bool) -> Tensor:
    return self.scaling(p, k, torch.var(self.own(x), RUNTIME.axes(x, dims, ), correction=correction, keepdim=keep), 2.)
  def std(self: TAPE, p: int, k: int, x: Tensor, dims: Optional[List[int]], correction: float, keep: bool) -> Tensor:
    return self.scaling(p, k, torch.std(self.own(x), RUNTIME.axes(x, dims, ), correction=correction, keepdim=keep), 1.)
  def average(self: TAPE, p: int, k: int, x: Tensor, dims: List[int], keep: bool) -> Tensor:
    return self.scaling(p, k, torch.mean(self.own(x), dims, keep), 1.)
  def cummax(self: TAPE, p: int, k: int, x: Tensor, dim: int) -> Tuple[Tensor, Tensor]:
    return torch.cummax(self.winner(p, k, x), dim)
  def ranked(self: TAPE, p: int, k: int, x: Tensor, i: Tensor, dim: int) -> Tensor:
    return torch.gather(self.winner(p, k, x), dim, i)
  def addcmul(self: TAPE, p: int, k: int, c: Tensor, a: Tensor, b: Tensor, value: float) -> Tensor:
    x = self.shared(p, k, [a, b])
    return self.share(p, k, self.summand(p, k, c) + x[0] * x[1] * value)
  # Operands of a bilinear operation with the factor of each in their derivative.
  def shared(self: TAPE, p: int, k: int, x: List[Tensor]) -> List[Tensor]:
    alive = 0
    for v in x:
      alive = alive + int(RUNTIME.alive(v, ))
    r = x
    if alive > 0:
      f = self.portion(p, k, alive)
      r = annotate(List[Tensor], [])
      for v in x:
        if f == 0.:
          torch.append(r, torch.detach(v))
        elif RUNTIME.alive(v, ):
          torch.append(r, RUNTIME.scaled(v, f, ))
        else:
          torch.append(r, v)
    return r
  def share(self: TAPE, p: int, k: int, y: Tensor) -> Tensor:
    r = y
    if RUNTIME.alive(y, ):
      r = RUNTIME.link(y, y, RUNTIME.inverse(y, self.stabiliser(p, k), ), )
    return r
  def matmul(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    x = self.shared(p, k, [a, b])
    return self.share(p, k, torch.matmul(x[0], x[1]))
  def bmm(self: TAPE, p: int, k: int, a: Tensor, b: Tensor) -> Tensor:
    return self.matmul(p, k, a, b)
  # An operand that is added to a product.
  def summand(self: TAPE, p: int, k: int, c: Tensor) -> Tensor:
    r = c
    if RUNTIME.alive(c, ):
      r = torch.detach(c)
      if self.portion(p, k, 1) != 0.:
        r = RUNTIME.scaled(c, 1., )
    return r
  # The sum shares its relevance out in proportion, the product its part in equal portions.
  def baddbmm(self: TAPE, p: int, k: int, c: Tensor, a: Tensor, b: Tensor, beta: float, alpha: float) -> Tensor:
    x = self.shared(p, k, [a, b])
    return self.share(p, k, torch.baddbmm(self.summand(p, k, c), x[0], x[1], beta=beta, alpha=alpha))
  def einsum(self: TAPE, p: int, k: int, equation: str, x: List[Tensor]) -> Tensor:
    return self.share(p, k, torch.einsum(equation, self.shared(p, k, x)))
  # Attention in its parts: two products by the rule of this place, the softmax between them by that of the next.
  def sdpa(self: TAPE, p: int, k: int, q: Tensor, key: Tensor, v: Tensor, mask: Optional[Tensor], dropout: float, causal: bool, scale: Optional[float], gqa: bool) -> Tensor:
    y = torch.scaled_dot_product_attention(torch.detach(q), torch.detach(key), torch.detach(v), mask, dropout, causal, scale=scale, enable_gqa=gqa)
    if RUNTIME.alive(q, ) or RUNTIME.alive(key, ) or RUNTIME.alive(v, ) or RUNTIME.alive_optional(mask, ):
      if dropout > 0.:
        _0 = self.refuse("random", p, k)
      if RUNTIME.alive_optional(mask, ):
        _1 = self.refuse("mask", p, k)
      k0 = key
      v0 = v
      if gqa:
        times = torch.size(q, -3) // torch.size(key, -3)
        k0 = torch.repeat_interleave(key, times, -3)
        v0 = torch.repeat_interleave(v, times, -3)
      factor = torch.pow(torch.size(q, -1), -0.5)
      if scale is not None:
        factor = scale
      # A constant factor takes no relevance.
      product = self.matmul(p, k, q, torch.transpose(k0, -2, -1))
      score = RUNTIME.passed(torch.detach(product) * factor, product, )
      if causal:
        score = torch.masked_fill(score, torch.logical_not(torch.tril(torch.ones_like(score, dtype=11))), -inf)
      if mask is not None:
        if ops.prim.dtype(mask) == 11:
          score = torch.masked_fill(score, torch.logical_not(mask), -inf)
        else:
          score = RUNTIME.passed(torch.detach(score) + mask, score, )
      weights = torch.softmax(torch.detach(score), -1)
      if RUNTIME.alive(score, ):
        weights = self.softened(p, k + 1, score, weights, weights, -1, torch.ones([], device=ops.prim.device(weights)))
      x = self.shared(p, k, [torch.nan_to_num(weights, 0., 0., 0.), v0])
      path = torch.matmul(x[0], x[1])
      if RUNTIME.alive(path, ):
        y = RUNTIME.link(y, path, RUNTIME.inverse(path, self.stabiliser(p, k), ), )
    return y
PARTS# The value x with derivative factor * x: what arrives as a share per unit leaves as relevance.
def scaled(x: Tensor, factor: float) -> Tensor:
  xd = torch.detach(x)
  m = torch.nan_to_num(xd, 0., 0., 0.)
  if factor != 1.:
    m = m * factor
  return xd + torch.nan_to_num(x - xd, 0., 0., 0.) * m
# The value y, the derivative of path times m; infinite values pass nothing.
def link(y: Tensor, path: Tensor, m: Tensor) -> Tensor:
  return torch.detach(y) + torch.nan_to_num(path - torch.detach(path), 0., 0., 0.) * m
# The value y, the derivative of path.
def passed(y: Tensor, path: Tensor) -> Tensor:
  return torch.detach(y) + torch.nan_to_num(path - torch.detach(path), 0., 0., 0.)
# 1 / (z + eps * sign(z)) with sign(0) = 1; 0 where that is not finite: nothing is there to be shared out.
def inverse(z: Tensor, eps: float) -> Tensor:
  zd = torch.detach(z)
  if eps != 0.:
    zd = torch.where(torch.lt(zd, 0), zd - eps, zd + eps)
  return torch.nan_to_num(torch.reciprocal(zd), 0., 0., 0.)
def alive(x: Tensor) -> bool:
  return ops.prim.requires_grad(x)
def alive_optional(x: Optional[Tensor]) -> bool:
  r = False
  if x is not None:
    r = ops.prim.requires_grad(x)
  return r
# Numbers per channel, shaped for a tensor with that channel axis.
def along(v: Tensor, axis: int, dims: int) -> Tensor:
  shape = [1] * dims
  torch._set_item(shape, axis, -1)
  return torch.reshape(v, shape)
# A convolution, also of one example without an axis of rows.
def convolved(x: Tensor, w: Tensor, b: Optional[Tensor], stride: List[int], padding: List[int], dilation: List[int], transposed: bool, output_padding: List[int], groups: int) -> Tensor:
  if torch.dim(x) < torch.dim(w):
    y = torch.squeeze(torch.convolution(torch.unsqueeze(x, 0), w, b, stride, padding, dilation, transposed, output_padding, groups), 0)
  else:
    y = torch.convolution(x, w, b, stride, padding, dilation, transposed, output_padding, groups)
  return y
# A linear operation by its geometry: [] dense; [2] scaling; [transposed, groups, stride.., padding.., dilation.., output padding..] convolution.
def operate(x: Tensor, w: Tensor, b: Optional[Tensor], g: List[int]) -> Tensor:
  if torch.len(g) == 0:
    if b is None:
      y = torch.linear(x, w)
    elif torch.dim(b) == 1:
      y = torch.linear(x, w, b)
    else:
      y = torch.linear(x, w) + b
  elif g[0] == 2:
    y = x * w
    if b is not None:
      y = y + b
  else:
    n = (torch.len(g) - 2) // 4
    y = RUNTIME.convolved(x, w, b, torch.slice(g, 2, 2 + n, 1), torch.slice(g, 2 + n, 2 + 2 * n, 1), torch.slice(g, 2 + 2 * n, 2 + 3 * n, 1), g[0] == 1, torch.slice(g, 2 + 3 * n, 2 + 4 * n, 1), g[1], )
  return y
# The bias of an operation, shaped for its result.
def spread(b: Tensor, g: List[int], dims: int) -> Tensor:
  r = b
  if torch.len(g) > 1:
    r = RUNTIME.along(b, dims - (torch.len(g) - 2) // 4 - 1, dims, )
  return r
# Weights of an operation followed by a scaling of its outgoing channels.
def rescaled(w: Tensor, s: Tensor, g: List[int]) -> Tensor:
  if torch.len(g) > 1 and g[0] == 1:
    size = torch.size(w)
    split = [g[1], size[0] // g[1], size[1]] + torch.slice(size, 2, torch.len(size), 1)
    factor = torch.reshape(s, [g[1], 1, size[1]] + [1] * (torch.len(size) - 2))
    r = torch.reshape(torch.reshape(w, split) * factor, size)
  else:
    r = w * RUNTIME.along(s, 0, torch.dim(w), )
  return r
# The part of weights or bias that a term takes.
def part(w: Tensor, kind: int, gamma: float) -> Tensor:
  r = w
  if kind == Weight.POSITIVE:
    r = torch.clamp_min(w, 0)
  elif kind == Weight.NEGATIVE:
    r = torch.clamp_max(w, 0)
  elif kind == Weight.SQUARE:
    r = w * w
  elif kind == Weight.ONE:
    r = torch.ones_like(w)
  elif kind == Weight.RAISED:
    r = w + torch.clamp_min(w, 0) * gamma
  return r
# Where the groups of a weighted rule begin in its numbers: [Rule.WEIGHTED, epsilon, gamma, lows, low.., highs, high.., groups, (share, terms, (sign, input, weight, bias)..)..]
def groups_at(n: List[float]) -> int:
  i = 4 + int(n[3])
  return i + 1 + int(n[i])
# Whether a term takes these parts of inputs and weights; -1: any.
def takes(n: List[float], input: int, weight: int) -> bool:
  i = RUNTIME.groups_at(n, )
  groups = int(n[i])
  i = i + 1
  found = False
  for g in range(groups):
    terms = int(n[i + 1])
    i = i + 2
    for t in range(terms):
      found = found or (n[i + 1] == input and (weight < 0 or n[i + 2] == weight))
      i = i + 4
  return found
# Whether the rule is that of epsilon: one group of one such term with share 1.
def is_epsilon(n: List[float]) -> bool:
  r = False
  if n[0] == Rule.WEIGHTED.:
    i = RUNTIME.groups_at(n, )
    r = n[i] == 1. and n[i + 1] == 1. and n[i + 2] == 1. and n[i + 4] == Input.VALUE. and n[i + 5] == Weight.VALUE.
  return r
