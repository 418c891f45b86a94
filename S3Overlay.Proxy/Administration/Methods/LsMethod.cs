using System.ComponentModel;
using System.Text.Json.Serialization;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET ls</c>: what clients see of a bucket, with the layer of each row.</summary>
internal sealed class LsMethod : ListMethod<LsItem>
{
    private readonly LayeredListing _layers;

    public LsMethod(LayeredListing layers)
        : base("ls", "Lists what clients see of a bucket, and which layer answers a read of each object.")
    {
        _layers = layers;
        Parameters =
        [
            Parameter.Bucket with { IsRequired = true }, Parameter.Prefix,
            new("recursive", "True to list all keys. Otherwise keys below a / are one row.") { Type = "boolean" },
            new("deleted", "True to list keys too that were deleted here.") { Type = "boolean" },
            new("after", "The name of the row to begin after."),
            new("limit", "The most rows to list.") { Type = "integer" },
        ];
    }

    /// <inheritdoc/>
    protected override IAsyncEnumerable<LsItem> ListAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var parameters = call.Parameters;
        return _layers.ListAsync(
            parameters.RequireBucket(), parameters.Prefix ?? "", parameters.Flag("recursive", otherwise: false) ? "" : "/",
            parameters.Flag("deleted", otherwise: false), AfterOf(parameters), cancellationToken)
            .Take(parameters.Number("limit", 1, int.MaxValue, int.MaxValue)).Select(LsItem.Of);
    }

    private static string AfterOf(CallParameters parameters)
    {
        var after = parameters["after"] ?? "";
        ObjectKeys.Check(after);
        return after;
    }
}

/// <summary>A row of a listing.</summary>
internal sealed record LsItem
{
    [Description("The key, or the common prefix, which ends with a slash.")]
    public required string Name { get; init; }

    [Description("Where a read is answered: local, cache (cached whole) or remote; or deleted. Absent for a common prefix.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RowLayer? Layer { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    [Description("Cached bytes of a remote-owned object. Absent if the store would have to be asked for each object.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Cached { get; init; }

    [JsonPropertyName("etag")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ETag { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LastModified { get; init; }

    public static LsItem Of(LayeredRow row) => new()
    {
        Name = row.Name,
        Layer = row.Layer,
        Size = row.Object?.Size,
        Cached = row.Layer is RowLayer.Cache or RowLayer.Remote ? row.CachedBytes : null,
        ETag = row.Object?.ETag,
        LastModified = row.Object?.LastModified,
    };
}
