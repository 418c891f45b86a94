namespace S3Overlay.Proxy.Configuration.Checks;

/// <summary>Something about one setting that somebody should mend.</summary>
/// <param name="Setting">The name it was given under.</param>
/// <param name="Value">The value, or null where there is none or it may not be shown.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record ConfigurationProblem(string Setting, string? Value, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Value is null ? $"{Setting}: {Message}" : $"{Setting} = \"{Value}\": {Message}";
}
