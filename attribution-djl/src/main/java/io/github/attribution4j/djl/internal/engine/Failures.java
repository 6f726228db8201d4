// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.engine.EngineException;
import io.github.attribution4j.model.ModelException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns libtorch's failures, which have up to fifty lines, into one useful line. The native text becomes the cause. */
public final class Failures {
    private static final List<String> OUT_OF_MEMORY = List.of(
            "out of memory",
            "can't allocate memory",
            "cannot allocate memory",
            "not enough memory",
            "bad_alloc",
            "bad allocation",
            "failed to allocate");

    private static final List<String> PREFIXES =
            List.of("RuntimeError: ", "ValueError: ", "IndexError: ", "TypeError: ", "AssertionError: ");

    /** The prefix of the error's name if the program itself raises it. */
    private static final String RAISED = "builtins.";

    /** The most characters of a message. Names in it are the archive's, and may have any length. */
    private static final int LONGEST = 600;

    private static final Pattern MISSING =
            Pattern.compile("Unknown builtin op: (?<operators>\\w+)::(?<operator>[\\w.]+?)\\.?\\s"
                    + "|__torch__\\.torch\\.classes\\.(?<classes>\\w+)\\.(?<class>\\w+)");

    /** libtorch's message, over a dozen lines, about an operator that does not exist for a kind of tensors. */
    /** Where in its own source XGBoost found a fault, and when. */
    private static final Pattern PLACE = Pattern.compile("^\\[[\\d:]+] \\S+:\\d+: ");

    private static final Pattern NOT_FOR = Pattern.compile(
            "Could not run '\\w+::(\\w+)[.\\w]*' with arguments from the '(\\w+?)(?:CPU|CUDA)?' backend.*");

    /**
     * libtorch's messages about a program that computes derivatives itself, of something that depends on nothing here.
     */
    private static final Pattern OWN_DERIVATIVE =
            Pattern.compile("(?i)(?:one|element 0 ?) ?of the differentiated Tensors appears to not have been used.*"
                    + "|element 0 of tensors does not require grad.*");

    /** libtorch's message about a program that turns a tensor with a gradient into a number. */
    private static final String TAKEN_AS_NUMBER = "Cannot input a tensor that requires grad as a scalar argument";

    /** The libraries of operators that are often missing. */
    private static final Map<String, String> LIBRARIES = Map.of(
            "torchvision", " (torchvision, libtorchvision.so)",
            "torchaudio", " (torchaudio, libtorchaudio.so)",
            "torchtext", " (torchtext, libtorchtext.so)",
            "torch_scatter", " (torch_scatter, _scatter_cpu.so)",
            "torch_sparse", " (torch_sparse)",
            "torch_cluster", " (torch_cluster)",
            "fbgemm", " (fbgemm_gpu)",
            "tensorrt", " (torch_tensorrt)");

    private Failures() {}

    /** Returns the exception for a failure of the engine in tensor arithmetic. */
    public static ModelException of(EngineException failure) {
        return of("", failure);
    }

    /**
     * Returns the exception for a failure of the engine.
     *
     * @param context what failed, ending in {@code ": "}, or empty
     */
    public static ModelException of(String context, EngineException failure) {
        String line = line(failure);
        if (isMemory(failure)) {
            return new ModelException.OutOfMemory(context + "the engine is out of memory: " + line, failure);
        }
        return new ModelException(context + line + remedy(line), failure);
    }

    /** Returns what to do about failures whose own text does not tell. */
    private static String remedy(String line) {
        if (line.startsWith("derivative for ") && line.endsWith("is not implemented")) {
            return line.matches(
                            ".*(?:_native_multi_head_attention|_transformer_encoder_layer_fwd|mkldnn|prepacked|fused)"
                                    + ".*")
                    ? ", because it was exported under torch.no_grad; export the model with gradients on, or use a"
                            + " perturbation method"
                    : ": no gradient passes it; use a perturbation method, or explain at a layer after it";
        }
        if (line.startsWith("index out of range in self")) {
            return ": an id that the model looks up in a table is negative, or not below the table's number of rows";
        }
        if (line.startsWith("Expected tensor for argument #1 'indices'")) {
            return ": an input whose values the model looks up in a table has to hold integers; convert it with"
                    + " to(DataType.INT64)";
        }
        if (line.contains("dtype") && (line.contains("Half") || line.contains("BFloat16"))) {
            return "; the model's weights are of a 16-bit type, of which there are no tensors here: load it with "
                    + "LoadOptions.dataType(DataType.FLOAT32), or export model.float()";
        }
        return "";
    }

    /**
     * Returns the message about a program that needs operators or classes of a library that is not loaded; empty for
     * another failure.
     */
    public static String missingLibrary(EngineException failure) {
        Matcher missing = MISSING.matcher(String.valueOf(failure.getMessage()));
        if (!missing.find()) {
            return "";
        }
        boolean operator = missing.group("operators") != null;
        String library = operator ? missing.group("operators") : missing.group("classes");
        String what = operator
                ? "operator " + library + "::" + missing.group("operator")
                : "class torch.classes." + library + "." + missing.group("class");
        if (library.equals("aten") || library.equals("prim")) {
            return "";
        }
        if (library.matches("(vulkan|metal)(_prepack)?")) {
            return what
                    + " computes on the GPU of a phone, which libtorch does not do here; export the model again with "
                    + "optimize_for_mobile(model, backend='CPU'), or without optimizing it";
        }
        return what + " is not in libtorch 2.7.1: it comes from the library that registers '" + library + "'"
                + LIBRARIES.getOrDefault(library, "")
                + "; build that for libtorch 2.7.1 and name its file to DJL, as a system property or environment"
                + " variable, before the engine starts: -DPYTORCH_EXTRA_LIBRARY_PATH=/path/to/the/library.so (several"
                + " with commas); or export the model without it";
    }

    /** Returns whether memory ran out. */
    public static boolean isMemory(Throwable failure) {
        String text = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        return OUT_OF_MEMORY.stream().anyMatch(text::contains);
    }

    /**
     * Returns the one line that says what is wrong: the last that names a Python error, else the first. It has no
     * control characters and a bounded length.
     */
    public static String line(Throwable failure) {
        String best = bestLine(failure);
        if (OWN_DERIVATIVE.matcher(best).matches()) {
            return "the program takes derivatives itself, and here what it differentiates does not depend on what it"
                    + " differentiates by, as after a layer that is cut; explain at the inputs";
        }
        if (best.startsWith(TAKEN_AS_NUMBER)) {
            return "the program takes a value as a plain number, which no gradient passes; use a perturbation method,"
                    + " or explain at a layer after it";
        }
        String line = NOT_FOR.matcher(best)
                .replaceFirst(found -> "operator " + found.group(1) + " does not exist for tensors of kind "
                        + found.group(2).toLowerCase(Locale.ROOT))
                .codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
                .limit(LONGEST)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return line.length() < LONGEST ? line : line + "...";
    }

    private static String bestLine(Throwable failure) {
        String text = failure.getMessage();
        if (text == null || text.isBlank()) {
            return failure.toString();
        }
        List<String> lines =
                text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
        for (int i = lines.size() - 1; i >= 0; i--) {
            String scripted = lines.get(i).startsWith(RAISED) ? RAISED : "";
            for (String prefix : PREFIXES) {
                if (lines.get(i).startsWith(scripted + prefix)) {
                    return sentence(lines, i, scripted + prefix);
                }
            }
        }
        Throwable cause = failure.getCause();
        return cause != null && lines.get(0).endsWith(" error:")
                ? bestLine(cause)
                : PLACE.matcher(lines.get(0)).replaceFirst("");
    }

    /** Joins a message with its following lines. Stack frames and pointers into source text are dropped. */
    private static String sentence(List<String> lines, int start, String prefix) {
        StringBuilder text = new StringBuilder(lines.get(start).substring(prefix.length()));
        for (int i = start + 1; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith("Exception raised from") || line.contains("<--- HERE") || line.startsWith("frame #")) {
                break;
            }
            text.append(' ').append(line);
        }
        return text.toString();
    }
}
