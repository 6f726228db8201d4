// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replaces the remedies in the library's messages, which are Java calls, by options of the command line. Messages are
 * printed in one place, which calls this class.
 */
public final class Remedies {
    private record Remedy(Pattern java, String option) {
        static Remedy of(String java, String option) {
            return new Remedy(Pattern.compile(java), option);
        }
    }

    /** Longer calls come before their parts, because the first match is replaced. */
    private static final List<Remedy> REMEDIES = List.of(
            Remedy.of("give masks with Region\\.of\\(\\.\\.\\.\\)", "give a file with 1 inside and 0 outside"),
            Remedy.of(
                    "give a method with reference\\(\\.\\.\\.\\), or two explanations to between\\(\\.\\.\\.\\)",
                    "name a method with --set reference=METHOD"),
            Remedy.of(
                    "give random examples with against\\(pool\\.split\\(20, 0\\)\\), or compare two concepts with"
                            + " comparing\\(\\.\\.\\.\\)",
                    "give random examples with --random, or compare two concepts with --compare"),
            Remedy.of("mark (one|the token ids) with Inputs\\.attribute\\([^)]*\\)", "name $1 with --attribute"),
            Remedy.of("Inputs\\.attribute\\([^)]*\\)", "--attribute"),
            Remedy.of("make the inputs with Inputs\\.none\\(\\)", "give the inputs with --input"),
            Remedy.of("pass (.{1,30}?) (?:as|with) constant\\(\\.\\.\\.\\)", "give $1 with --constant FILE"),
            Remedy.of(
                    "pass (.{1,30}?) (?:as|with) fixed\\(\\.\\.\\.\\)",
                    "hold $1 fixed with --fixed FILE, or with --attribute naming the others"),
            Remedy.of(
                    "whose rules do \\(RuledModel\\.with\\), or leave Inputs\\.against\\(\\.\\.\\.\\) out",
                    "by another method"),
            Remedy.of(
                    "pass it with attribute\\(\\.\\.\\.\\) or fixed\\(\\.\\.\\.\\)", "give it with --input or --fixed"),
            Remedy.of("use Inputs\\.against\\(references\\)", "give one with --baseline"),
            Remedy.of(
                    "replace ids instead: TokenAttribution\\.of\\(new FeatureAblation\\(.*\\)\\)$",
                    "replace ids instead: --method feature-ablation --tokens --reference ID"),
            Remedy.of("use the method without TokenAttribution", "leave --tokens out"),
            Remedy.of(
                    "name the place with TokenAttribution\\.of\\(method\\)\\.at\\([^)]*\\)",
                    "name the place with --layer"),
            Remedy.of("\\(TokenAttribution\\.of\\(method\\)\\)", "(--tokens)"),
            Remedy.of("take them apart with byEmbedding\\(\\)", "give them one by one"),
            Remedy.of("Attribution\\.at\\(\\\\?\"([^\"\\\\]+)\\\\?\", method\\)", "--layer $1"),
            Remedy.of("Attribution\\.at\\(layer, method\\)|method\\.at\\(layer\\)", "--layer"),
            Remedy.of("method\\.at\\(\\\\?\"([^\"\\\\]+)\\\\?\"\\)", "--layer $1"),
            Remedy.of("without throughHead\\(\\)", "without head:"),
            Remedy.of("give it with throughHead\\(\\)", "give it as head:BASELINE"),
            Remedy.of(
                    "Target\\.index\\(c\\), Target\\.at\\(\\.\\.\\.\\) or Target\\.argmax\\(\\)",
                    "--target 0, --target-at 0,0 or --target argmax"),
            Remedy.of("Target\\.sigmoid\\(Target\\.output\\(\\)\\)", "--sigmoid"),
            Remedy.of("Target\\.index\\((\\d+)\\)", "--target $1"),
            Remedy.of("Target\\.at\\(\\.\\.\\.\\)", "--target-at"),
            Remedy.of("Target\\.output\\(\\)", "--target output"),
            Remedy.of("Baseline\\.samples\\(\\.\\.\\.\\)", "--baseline samples:FILE"),
            Remedy.of(
                    "start with quartiles\\(\\), deciles\\(\\), quantiles\\(bins\\) or values\\(\\)",
                    "start with quartile, decile, quantile:BINS or values"),
            Remedy.of("Baseline\\.mean\\(\\.\\.\\.\\)", "--baseline mean:FILE"),
            Remedy.of("Baseline\\.of\\(\\.\\.\\.\\)", "--baseline FILE"),
            Remedy.of(
                    "say which they are of with Inputs\\.named\\([^)]*\\)",
                    "attribute one of them alone with --attribute"),
            Remedy.of("choose one with features\\(example\\)\\.top\\(k\\)", "choose one with --example"),
            Remedy.of(
                    ", or say with Inputs\\.allowMissing\\(\\) that NaN is a missing value to the model",
                    ", or mark the column 'missing' in a table's --schema if NaN is a missing value to the model"),
            Remedy.of("give them with Inputs\\.named\\(\\.\\.\\.\\)", "give a table, whose header has them"),
            Remedy.of("\\((?:LoadOptions|OnnxOptions)\\.unbatched\\)", "(--unbatched)"),
            Remedy.of("where the model has none and is loaded as unbatched", "where the model has none (--unbatched)"),
            Remedy.of("OnnxOptions\\.defaults\\(\\)\\.output\\(\\\\?\"([^\"\\\\]*)\\\\?\"\\)", "--output $1"),
            Remedy.of("Methods\\.all\\(\\) lists all", "'attribution methods' lists all"),
            Remedy.of("Metrics\\.all\\(\\) lists all", "'attribution methods --metrics' lists all"),
            Remedy.of(
                    "choose one when loading: LoadOptions\\.defaults\\(\\)\\.method\\([^)]*\\)(?:, --model-method)?",
                    "choose one with --model-method"),
            Remedy.of("use GradientShap\\.ofLayer\\b", "use --method layer-gradient-shap"),
            Remedy.of("use GradientShap\\b", "use --method gradient-shap"),
            Remedy.of("use DeepLiftShap\\b", "use --method deep-lift-shap"),
            Remedy.of(
                    "set one with window\\(\\.\\.\\.\\), such as window\\(3, 15, 15\\)",
                    "set one with --set window=3,15,15"),
            Remedy.of(
                    "layout tokens\\((\\d+)\\), or tokens\\((\\d+)\\)",
                    "--set layout=tokens:$1, or --set layout=tokens:$2"),
            Remedy.of("layout channelsLast\\(\\)", "--set layout=channels-last"),
            Remedy.of("give one, upsample\\(mode, size\\.\\.\\.\\)", "give one with --set size=HEIGHTxWIDTH"),
            Remedy.of("upsample\\(\\.\\.\\.\\)", "--set upsample=bilinear"),
            Remedy.of("merge\\(Merge\\.EACH\\)", "--set merge=each"),
            Remedy.of("allowIncomplete\\(\\)", "--set allow-incomplete=true"),
            Remedy.of("give the method the mask's fixed\\(inputs\\)", "give a file of group numbers"),
            Remedy.of(
                    "give them with FeatureNames\\.spans\\(\\.\\.\\.\\), or inputs made by Tokens",
                    "give a text with --text and --tokenizer"),
            Remedy.of("explain with the encoder's mask\\(\\), or without one", "leave --mask out"),
            Remedy.of("explain with the encoder's mask\\(\\), and ", ""),
            Remedy.of("with baseline background\\(rows\\)", "with --baseline samples:FILE"),
            Remedy.of("use renumbered\\(\\)", "use --mask renumbered:FILE"),
            Remedy.of(
                    "use ranges\\(\\.\\.\\.\\) or perElement\\(\\), or perInput\\(\\.\\.\\.\\) for a mask of its own"
                            + " for each input",
                    "use --mask ranges:AXIS:LENGTH,..., per-element, or a file of group numbers"),
            Remedy.of("convert it with to\\(DataType\\.INT64\\)", "store it as int64"),
            Remedy.of(", in Java with to\\(DataType\\.FLOAT(32|64)\\)", ""),
            Remedy.of("convert it with to\\(DataType\\.FLOAT32\\)", "store it as float32, or give --dtype float32"),
            Remedy.of("convert it with to\\(DataType\\.FLOAT64\\)", "store it as float64, or give --dtype float64"),
            Remedy.of(
                    "give it one \\(RuleSet\\.of\\(selector, rule\\)\\), treat it as a gradient \\(otherwise\\(new"
                            + " BackwardRule\\.Gradient\\(\\)\\)\\), or cut the model at a layer after it",
                    "treat it as a gradient (--set unknown-as-gradient=true), or explain at a layer after it with"
                            + " --layer"),
            Remedy.of("otherwise\\(new BackwardRule\\.Gradient\\(\\)\\)", "--set unknown-as-gradient=true"),
            Remedy.of(
                    "load it with (?:Load|Onnx)Options\\.dataType\\(DataType\\.FLOAT32\\)",
                    "load it with --dtype float32"),
            Remedy.of(
                    "choose one when loading: LoadOptions\\.defaults\\(\\)\\.output\\(\\\\?\"([^\"\\\\]*)\\\\?\"\\)",
                    "choose one with --output $1"));

    /** A setting of a method that is true or false. */
    private static final Pattern FLAG = Pattern.compile("\\b([a-z][A-Za-z]*)\\((true|false)\\)");

    private static final Pattern CAPITAL = Pattern.compile("([A-Z])");

    private Remedies() {}

    /** Returns a message with options instead of calls. */
    public static String translate(String message) {
        String text = message;
        for (Remedy remedy : REMEDIES) {
            text = remedy.java().matcher(text).replaceAll(remedy.option());
        }
        return FLAG.matcher(text)
                .replaceAll(found ->
                        Matcher.quoteReplacement("--set " + hyphenated(found.group(1)) + "=" + found.group(2)));
    }

    private static String hyphenated(String name) {
        return CAPITAL.matcher(name).replaceAll("-$1").toLowerCase(Locale.ROOT);
    }
}
