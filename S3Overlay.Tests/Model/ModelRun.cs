using System.Diagnostics;
using System.Globalization;

using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Model;

/// <summary>Which sequences a test runs, and what it says of one that fails.</summary>
/// <remarks>
/// <c>S3OVERLAY_MODEL_SEED</c> is the first seed, <c>S3OVERLAY_MODEL_SEQUENCES</c> the number of sequences on each layer,
/// <c>S3OVERLAY_MODEL_STEPS</c> their length, and
/// <c>S3OVERLAY_MODEL_SHRINK</c> the seconds spent on shrinking a failure.
/// </remarks>
internal sealed record ModelRun(int First, int Sequences, int Steps)
{
    /// <param name="usual">How many sequences a full run has on each layer.</param>
    /// <param name="quickSteps">The length of the only sequence of a quick run.</param>
    public static ModelRun Of(int usual, int quickSteps = 40) => new(
        Number("SEED", 1), Number("SEQUENCES", FullRunAttribute.IsOn ? usual : 1),
        Number("STEPS", FullRunAttribute.IsOn ? 150 : quickSteps));

    /// <summary>Shrinks a failing sequence, and fails.</summary>
    /// <param name="where">On which layer it runs.</param>
    /// <param name="found">The mismatch and its step.</param>
    public async Task FailAsync<T>(string where, int seed, (int Step, string Message) found, IReadOnlyList<T> steps,
        Func<IReadOnlyList<T>, Task<(int Step, string Message)?>> runAsync)
    {
        // Steps after the failure do not matter. Shrinking is limited in time, because a long silence looks like a hang.
        var (began, longest) = (Stopwatch.StartNew(), TimeSpan.FromSeconds(Number("SHRINK", 40)));
        var shortest = await Shrinker.ShrinkAsync([.. steps.Take(found.Step + 1)],
            async shorter => began.Elapsed < longest && await runAsync(shorter) is not null);
        var message = (await runAsync(shortest))?.Message ?? $"Not found again once shrunk; at first: {found.Message}";
        Assert.Fail(
            $"""
            {where}, seed {seed}, step {found.Step} of {steps.Count}: {found.Message}
            Again with S3OVERLAY_MODEL_SEED={seed} S3OVERLAY_MODEL_SEQUENCES=1 S3OVERLAY_MODEL_STEPS={Steps}. The shortest that fails:
            {string.Join('\n', shortest.Select(static (step, i) => $"  {i,3}  {Shown(step!)}"))}
            {message}
            """);
    }

    /// <summary>A step as a terminal may show it.</summary>
    private static string Shown(object step) => string.Concat(step.ToString()!.Select(static c =>
        char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));

    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable("S3OVERLAY_MODEL_" + name), NumberStyles.None, CultureInfo.InvariantCulture,
            out var number) ? number : otherwise;
}
