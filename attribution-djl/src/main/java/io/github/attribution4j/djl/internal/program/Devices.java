// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.archive.PickledDevices;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Changes constant devices in a program to the one that it is loaded to. A trace made on a GPU holds
 * {@code torch.device("cuda:0")} wherever it made a tensor, and a module may hold a device as an attribute. libtorch
 * moves parameters when it loads, but not these.
 *
 * <p>On a GPU, what a program moves to the CPU stays there, because some operators want it so. In an archive that names
 * no device but the CPU, what the program creates on the CPU is created on the GPU instead.
 */
public final class Devices {
    private static final Pattern NAMES = Pattern.compile("torch\\.(device|cuda)\\(");
    private static final Pattern LITERAL = Pattern.compile("torch\\.device\\(\"([^\"]*)\"");
    private static final String DEVICE = "torch.device";

    /** The device of tensors without values. No tensor that a program computes with lies there. */
    private static final String META = "meta";

    private final String target;
    private final boolean cpu;
    private final boolean namesGpu;
    private final Map<String, Integer> changed = new TreeMap<>();

    private Devices(String target, boolean namesGpu) {
        this.target = target;
        this.cpu = target.equals("cpu");
        this.namesGpu = namesGpu;
    }

    /**
     * An archive after the change.
     *
     * @param archive the archive for the device
     * @param repairs one line for each device that was replaced
     */
    public record Moved(TorchArchive archive, List<String> repairs) {}

    /**
     * Replaces the constant devices of an archive.
     *
     * @param archive not changed
     * @param target the device that it is loaded to, such as {@code cpu} or {@code cuda:0}
     * @return a copy in memory, or the archive itself if it names no other device
     * @throws io.github.attribution4j.djl.internal.script.ScriptException if a file that names a device is not in the
     *     serialized language
     */
    public static Moved move(TorchArchive archive, String target) {
        boolean namesGpu = archive.code().values().stream()
                .flatMap(text -> LITERAL.matcher(text).results())
                .anyMatch(literal -> !literal.group(1).equals("cpu"));
        Devices devices = new Devices(target, namesGpu);
        PickledDevices pickles =
                PickledDevices.of(archive, device -> devices.mustMove(device) && !device.equals("cpu"));
        pickles.found().forEach(device -> devices.changed.merge(device, 1, Integer::sum));
        Map<String, String> texts = new LinkedHashMap<>();
        archive.code().forEach((path, text) -> {
            Matcher named = NAMES.matcher(text);
            if (named.find()) {
                Stmt.File file = Parser.file(path, text);
                Stmt.File moved = new Stmt.File(path, Trees.mapAll(file.statements(), devices::expression));
                if (!moved.equals(file)) {
                    texts.put(path, Printer.print(moved));
                }
            }
        });
        TorchArchive copy = pickles.found().isEmpty() ? archive : pickles.replaced(target);
        List<String> repairs = new ArrayList<>();
        devices.changed.forEach((device, places) -> repairs.add("constant device " + device + " becomes " + target
                + ", the one the model is loaded to" + (places == 1 ? "" : " (" + places + " places)")));
        return new Moved(texts.isEmpty() ? copy : copy.withCode(texts), List.copyOf(repairs));
    }

    /** Returns whether a device must change. {@code cuda} without a number is the first GPU. */
    private boolean mustMove(String device) {
        return !device.equals(target)
                && !device.equals(META)
                && !(device.equals("cpu") && cpu)
                && !(device.equals("cuda") && target.equals("cuda:0"));
    }

    private Expr expression(Expr expression) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        String name = Trees.dotted(call.callee());
        if (name.equals(DEVICE) && !call.arguments().isEmpty()) {
            String device = device(call);
            return mustMove(device) && !device.equals("cpu") && (cpu || !device.isEmpty()) ? moved(device) : call;
        }
        if (name.equals("torch.cuda") && cpu && call.arguments().size() == 1) {
            changed.merge("cuda", 1, Integer::sum);
            return new Expr.Call(Trees.dotted("torch.cpu"), call.arguments(), call.keywords(), call.trailingComma());
        }
        if (!cpu && !namesGpu && call.keywords().stream().anyMatch(this::isOnCpu)) {
            List<Expr.Keyword> keywords = call.keywords().stream()
                    .map(keyword -> isOnCpu(keyword) ? new Expr.Keyword(keyword.name(), moved("cpu")) : keyword)
                    .toList();
            return new Expr.Call(call.callee(), call.arguments(), keywords, call.trailingComma());
        }
        return expression;
    }

    /** Returns whether a keyword places a new tensor on the CPU. */
    private boolean isOnCpu(Expr.Keyword keyword) {
        return keyword.name().equals("device")
                && keyword.value() instanceof Expr.Call call
                && Trees.dotted(call.callee()).equals(DEVICE)
                && device(call).equals("cpu");
    }

    /** Returns the device that a call names; empty if the name is computed at run time. */
    private static String device(Expr.Call call) {
        if (!(call.arguments().get(0) instanceof Expr.Text text)) {
            return "";
        }
        return call.arguments().size() == 2 && call.arguments().get(1) instanceof Expr.Literal number
                ? text.value() + ":" + number.text()
                : text.value();
    }

    private Expr moved(String device) {
        changed.merge(device.isEmpty() ? "of a computed name" : device, 1, Integer::sum);
        return new Expr.Call(Trees.dotted(DEVICE), List.of(Expr.Text.of(target)), List.of(), false);
    }
}
