using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// A method of the administration, at <c>/-/v1/NAME</c>. Its declaration is also its documentation: <see cref="OpenApi"/> describes it from
/// here. It takes names and streams, never file paths.
/// </summary>
/// <param name="verb">The HTTP method: GET for what changes nothing, otherwise POST.</param>
/// <param name="name">The name in the path.</param>
/// <param name="summary">One sentence: what it does.</param>
internal abstract class Method(string verb, string name, string summary)
{
    /// <summary>The HTTP method.</summary>
    public string Verb => verb;

    /// <summary>The name in the path.</summary>
    public string Name => name;

    /// <summary>What it does.</summary>
    public string Summary => summary;

    /// <summary>Earlier names, which still work.</summary>
    public IReadOnlyList<string> OldNames { get; init; } = [];

    /// <summary>Its parameters. Others are rejected: a misspelt one would make the method do more than intended.</summary>
    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>
    /// True if it changes nothing, and programs call it again and again: its calls are logged with level Debug, and those that succeed
    /// leave no access log line and no span.
    /// </summary>
    public bool IsPolled { get; init; }

    /// <summary>Whether programs make such a call again and again.</summary>
    public virtual bool IsRepeated(CallParameters parameters) => IsPolled;

    /// <summary>What the request's body has, as a content type; null if there must be none.</summary>
    public string? Body { get; init; }

    /// <summary>The content type of its response.</summary>
    public abstract string ContentType { get; }

    /// <summary>The types that the response's document, or its lines, may have.</summary>
    public abstract IReadOnlyList<Type> Responses { get; }

    /// <summary>Does the work and sends the response.</summary>
    /// <exception cref="S3Exception">A parameter is wrong, or the method cannot do it. Nothing was sent.</exception>
    public abstract Task<MethodOutcome> RunAsync(MethodCall call, CancellationToken cancellationToken);
}

/// <summary>A parameter of a method, in the query.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it means.</param>
internal sealed record Parameter(string Name, string Description)
{
    /// <summary>The JSON type of its values.</summary>
    public string Type { get; init; } = "string";

    /// <summary>True if the method needs it.</summary>
    public bool IsRequired { get; init; }

    public static readonly Parameter Bucket = new("bucket", "The bucket, as clients name it.");

    public static readonly Parameter Key = new("key", "One key of the bucket.");

    public static readonly Parameter Prefix = new("prefix", "Only keys that start with this.");

    public static readonly Parameter All = new("all", "True for every bucket, in place of a bucket.") { Type = "boolean" };

    public static readonly Parameter DryRun = new("dry-run", "True to count what would change, and change nothing.") { Type = "boolean" };

    /// <summary>A bucket, a prefix or a key of it, or all buckets; see <see cref="CallParameters.Scope"/>.</summary>
    public static readonly Parameter[] Scope = [Bucket, Key, Prefix, All];
}

/// <summary>One request for a method.</summary>
/// <param name="Parameters">The parameters.</param>
/// <param name="Request">The request: its caller and its body.</param>
/// <param name="Response">Its response.</param>
/// <param name="Targets">Which buckets and keys there are.</param>
/// <param name="Time">The clock.</param>
internal sealed record MethodCall(
    CallParameters Parameters, S3Request Request, S3Response Response, TargetCheck Targets, TimeProvider Time);

/// <summary>How a call ended.</summary>
/// <param name="Result">What it did or found, for the log.</param>
/// <param name="Failure">The error that ended it after the response had started; otherwise null.</param>
internal readonly record struct MethodOutcome(string Result, S3Exception? Failure = null);
