namespace S3Overlay.Proxy.Terminal;

/// <summary>How far work is. Rate and time left follow from it.</summary>
/// <param name="Count">Things done so far.</param>
/// <param name="Thing">What they are: <c>key</c>.</param>
/// <param name="Things">The plural; null if it only has an s more.</param>
internal sealed record WorkState(long Count, string Thing, string? Things = null)
{
    /// <summary>What happens to them: <c>reverted</c>.</summary>
    public string Verb { get; init; } = "";

    /// <summary>How many there are in all; null if that is not known.</summary>
    public long? All { get; init; }

    /// <summary>Bytes moved so far; null if the work is not about bytes.</summary>
    public long? Bytes { get; init; }

    /// <summary>Bytes to move in all; null if that is not known.</summary>
    public long? AllBytes { get; init; }

    /// <summary>The state in words: <c>3 of 10 keys sent, 2 MiB of 9 MiB, 1 MiB/s, about 7 seconds left</c>.</summary>
    public string Describe(TimeSpan elapsed)
    {
        var (seconds, count) = (Math.Max(0.2, elapsed.TotalSeconds), Words.Count(All ?? Count, Thing, Things));
        var done = All is null ? count : FormattableString.Invariant($"{Count} of {count}");
        var (moved, all, unit) = Bytes is { } bytes ? (bytes, AllBytes, true) : (Count, All, false);
        var size = !unit ? "" : AllBytes is null ? $", {Words.Size(moved)}" : $", {Words.Size(moved)} of {Words.Size(AllBytes.Value)}";
        var rate = moved / seconds;
        var left = rate > 0 && all > moved ? $", about {Words.Age((long)Math.Ceiling((all.Value - moved) / rate))} left" : "";
        return $"{done}{(Verb.Length > 0 ? " " : "")}{Verb}{size}"
            + (moved == 0 ? "" : unit ? $", {Words.Size((long)rate)}/s" : FormattableString.Invariant($", {rate:0.#}/s")) + left;
    }
}
