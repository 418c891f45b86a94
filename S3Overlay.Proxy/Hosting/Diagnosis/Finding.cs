namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>What came of a check.</summary>
internal enum Verdict
{
    /// <summary>It is as it should be.</summary>
    Passed,

    /// <summary>Unknown, or possibly intended.</summary>
    Undecided,

    /// <summary>It has to be mended.</summary>
    Failed,
}

/// <summary>What a check found, for a log, a page and a terminal alike.</summary>
/// <param name="Subject">What was checked, in a word or two: <c>remote</c>, <c>free space</c>.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Message">Sentences that name what was looked at, such as the endpoint and the bucket.</param>
/// <param name="Remedy">What to do, which names the setting; null where there is nothing to do.</param>
internal sealed record Finding(string Subject, Verdict Verdict, string Message, string? Remedy = null)
{
    /// <summary>The setting that is wrong, or that says what was looked at; null for none.</summary>
    public string? Setting { get; init; }

    /// <summary>Message and remedy in one line.</summary>
    public override string ToString() => Remedy is null ? Message : $"{Message} {Remedy}";
}
