// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A TorchScript archive of our own, one for each process, for operations that DJL's native interface lacks. Each method
 * takes and returns a list of tensors.
 *
 * <p>{@code forward} is the vector-Jacobian product of any graph in the process, because libtorch offers
 * {@code torch.autograd.grad} to TorchScript only. It takes
 * {@code [control, outputs..., with respect to..., cotangents...]} with {@link #control}, and returns
 * {@code [defined, gradients...]}. {@code single} does the same for one output and one tensor, and frees the graph: it
 * takes {@code [output, with respect to, cotangent]} and returns {@code [gradient]}, or nothing if the gradient is
 * undefined. {@code sweep} does the same for a graph that was cut into pieces ({@code GuidedSource}): it takes
 * {@code [control, output, with respect to..., cotangent, (root, leaf)...]} with {@link #pieces}, and goes through the
 * pieces from the last to the first. It keeps the graph. No gradient of a parameter is computed and nothing
 * accumulates, so concurrent calls do not disturb each other.
 *
 * <p>{@code bilinear} resamples: it takes {@code [image (n, c, h, w), size int64 (2)]} and returns {@code [resampled]}.
 * {@code give_storages} moves tensors into other storages: it takes {@code [tensor, bytes, tensor, bytes, ...]}.
 */
public final class Toolbox {
    // DJL passes lists by reference, and never frees the arguments of a call that fails. So each method empties its
    // list before it computes; a failure then leaves an empty list behind, and not the tensors or their graph.
    private static final String SOURCE = """
            class Toolbox(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              def forward(self: __torch__.a4j_toolbox.Toolbox,
                a4j_x: List[Tensor]) -> List[Tensor]:
                a4j_all = torch.slice(a4j_x, 0, 9223372036854775807, 1)
                torch.clear(a4j_x)
                control = annotate(List[int], a4j_all[0].tolist())
                n = control[0]
                m = control[1]
                outputs = annotate(List[Tensor], [])
                cotangents = annotate(List[Optional[Tensor]], [])
                for i in range(n):
                  if ops.prim.requires_grad(a4j_all[1 + i]):
                    torch.append(outputs, a4j_all[1 + i])
                    torch.append(cotangents, a4j_all[1 + n + m + i])
                inputs = annotate(List[Tensor], [])
                place = annotate(List[int], [])
                for i in range(m):
                  x = a4j_all[1 + n + i]
                  if ops.prim.requires_grad(x):
                    torch.append(place, torch.len(inputs))
                    torch.append(inputs, x)
                  else:
                    torch.append(place, -1)
                gradients = annotate(List[Optional[Tensor]], [])
                if torch.len(outputs) > 0 and torch.len(inputs) > 0:
                  gradients = torch.autograd.grad(outputs, inputs, cotangents, control[2] != 0, False, True)
                else:
                  for i in range(torch.len(inputs)):
                    torch.append(gradients, None)
                defined = annotate(List[int], [])
                values = annotate(List[Tensor], [])
                for i in range(m):
                  gradient : Optional[Tensor] = None
                  if place[i] >= 0:
                    gradient = gradients[place[i]]
                  if gradient is not None:
                    torch.append(values, gradient)
                    torch.append(defined, 1)
                  else:
                    torch.append(values, torch.zeros_like(torch.detach(a4j_all[1 + n + i])))
                    torch.append(defined, 0)
                reply = [torch.tensor(defined, dtype=4)]
                for value in values:
                  torch.append(reply, value)
                return reply
              def single(self: __torch__.a4j_toolbox.Toolbox,
                a4j_x: List[Tensor]) -> List[Tensor]:
                output = a4j_x[0]
                x = a4j_x[1]
                cotangents = annotate(List[Optional[Tensor]], [a4j_x[2]])
                torch.clear(a4j_x)
                reply = annotate(List[Tensor], [])
                if ops.prim.requires_grad(output) and ops.prim.requires_grad(x):
                  gradient = torch.autograd.grad([output], [x], cotangents, False, False, True)[0]
                  if gradient is not None:
                    torch.append(reply, gradient)
                return reply
              def sweep(self: __torch__.a4j_toolbox.Toolbox,
                a4j_x: List[Tensor]) -> List[Tensor]:
                a4j_all = torch.slice(a4j_x, 0, 9223372036854775807, 1)
                torch.clear(a4j_x)
                control = annotate(List[int], a4j_all[0].tolist())
                m = control[0]
                n = torch.len(control) - 1
                output = a4j_all[1]
                cotangent = a4j_all[2 + m]
                leaves = annotate(List[Tensor], [])
                roots = annotate(List[Tensor], [])
                for i in range(n):
                  torch.append(roots, a4j_all[3 + m + 2 * i])
                  torch.append(leaves, a4j_all[4 + m + 2 * i])
                wanted = annotate(List[Tensor], [])
                place = annotate(List[int], [])
                for i in range(m):
                  x = a4j_all[2 + i]
                  if ops.prim.requires_grad(x):
                    torch.append(place, torch.len(wanted))
                    torch.append(wanted, x)
                  else:
                    torch.append(place, -1)
                w = torch.len(wanted)
                known = annotate(List[bool], [])
                sums = annotate(List[Tensor], [])
                for i in range(w + n):
                  torch.append(known, False)
                  torch.append(sums, cotangent)
                i = n
                while i >= 0:
                  root = output
                  g = cotangent
                  reached = True
                  if i < n:
                    root = roots[i]
                    reached = known[w + i]
                    g = sums[w + i]
                    if control[1 + i] != 0:
                      g = torch.relu(g)
                  if reached and ops.prim.requires_grad(root) and w + i > 0:
                    targets = wanted + torch.slice(leaves, 0, i, 1)
                    outputs = [root]
                    cotangents = annotate(List[Optional[Tensor]], [g])
                    parts = torch.autograd.grad(outputs, targets, cotangents, True, False, True)
                    for j in range(w + i):
                      part = parts[j]
                      if part is not None:
                        if known[j]:
                          torch._set_item(sums, j, torch.add(sums[j], part))
                        else:
                          torch._set_item(sums, j, part)
                          torch._set_item(known, j, True)
                  i = i - 1
                defined = annotate(List[int], [])
                values = annotate(List[Tensor], [])
                for i in range(m):
                  at = place[i]
                  if at >= 0 and known[at]:
                    torch.append(values, sums[at])
                    torch.append(defined, 1)
                  else:
                    torch.append(values, torch.zeros_like(torch.detach(a4j_all[2 + i])))
                    torch.append(defined, 0)
                reply = [torch.tensor(defined, dtype=4)]
                for value in values:
                  torch.append(reply, value)
                return reply
              def bilinear(self: __torch__.a4j_toolbox.Toolbox,
                a4j_x: List[Tensor]) -> List[Tensor]:
                x = a4j_x[0]
                size = a4j_x[1]
                height = int(torch.select(size, 0, 0))
                width = int(torch.select(size, 0, 1))
                torch.clear(a4j_x)
                return [torch.upsample_bilinear2d(x, [height, width], False)]
              def give_storages(self: __torch__.a4j_toolbox.Toolbox,
                a4j_x: List[Tensor]) -> List[Tensor]:
                pairs = torch.slice(a4j_x, 0, 9223372036854775807, 1)
                torch.clear(a4j_x)
                for i in range(torch.floordiv(torch.len(pairs), 2)):
                  x = pairs[torch.mul(i, 2)]
                  bytes = pairs[torch.add(torch.mul(i, 2), 1)]
                  _1 = torch.set_(x, bytes, torch.storage_offset(x), torch.size(x), torch.stride(x))
                return a4j_x
            """;

    /** The name of the method that resamples. */
    public static final String BILINEAR = "bilinear";

    /** The name of the method that moves tensors into other storages. */
    public static final String GIVE_STORAGES = "give_storages";

    /** The name of the method for vector-Jacobian products. */
    public static final String PRODUCT = "forward";

    /** The name of the method for the product of one output and one tensor. */
    public static final String SINGLE = "single";

    /** The name of the method for graphs in pieces. */
    public static final String SWEEP = "sweep";

    private Toolbox() {}

    /** {@return the archive} */
    public static TorchArchive create() {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("code/__torch__/a4j_toolbox.py", SOURCE.getBytes(StandardCharsets.US_ASCII));
        // An object of the class with one attribute, training = False.
        String pickle = "\u0080\u0002c__torch__.a4j_toolbox\nToolbox\n)\u0081}(X\b\u0000\u0000\u0000training\u0089ub.";
        entries.put("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
        entries.put("constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
        entries.put("version", "3\n".getBytes(StandardCharsets.US_ASCII));
        return TorchArchive.of("a4j_toolbox", entries);
    }

    /**
     * Returns the first tensor of a request to {@code forward}, an int64 vector on the CPU.
     *
     * @param outputs the number of tensors that are differentiated, and of cotangents
     * @param inputs the number of tensors with respect to which they are differentiated
     * @param retain whether the graph is kept for another call
     * @return the vector
     */
    public static long[] control(int outputs, int inputs, boolean retain) {
        return new long[] {outputs, inputs, retain ? 1 : 0};
    }

    /**
     * Returns the first tensor of a request to {@code sweep}, an int64 vector on the CPU.
     *
     * @param inputs the number of tensors with respect to which the output is differentiated
     * @param clamped for each piece, 1 if the gradient at its leaf is clamped to positive values before it goes into
     *     the root, else 0
     * @return the vector
     */
    public static long[] pieces(int inputs, long... clamped) {
        long[] control = new long[clamped.length + 1];
        control[0] = inputs;
        System.arraycopy(clamped, 0, control, 1, clamped.length);
        return control;
    }
}
