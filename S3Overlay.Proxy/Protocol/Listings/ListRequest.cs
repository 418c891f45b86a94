namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>A parsed and validated ListObjects or ListObjectsV2 request.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html and .../API_ListObjects.html</remarks>
public sealed record ListRequest
{
    /// <summary>The most rows on a page.</summary>
    public const int MaxPage = 1000;

    private ListRequest()
    {
    }

    /// <summary>Whether this is ListObjectsV2.</summary>
    public required bool IsV2 { get; init; }

    /// <summary>Only keys with this prefix.</summary>
    public required string Prefix { get; init; }

    /// <summary>The delimiter of common prefixes; empty for none.</summary>
    public required string Delimiter { get; init; }

    /// <summary>What the client asked for, 0 or more. A page has at most <see cref="MaxPage"/> rows.</summary>
    public required int MaxKeys { get; init; }

    /// <summary>Whether names are percent-encoded in the response (<c>encoding-type=url</c>).</summary>
    public required bool EncodeNames { get; init; }

    /// <summary>V1's marker as sent, or empty.</summary>
    public required string Marker { get; init; }

    /// <summary>V2's start-after, as sent, or null.</summary>
    public required string? StartAfter { get; init; }

    /// <summary>V2's continuation token, as sent, or null.</summary>
    public required string? ContinuationToken { get; init; }

    /// <summary>Whether V2 returns the owner of each object. V1 always does.</summary>
    public required bool FetchOwner { get; init; }

    /// <summary>Whether rows include the restore status of archived objects.</summary>
    public required bool WithRestoreStatus { get; init; }

    /// <summary>Where the page starts.</summary>
    public required ListingPosition After { get; init; }

    /// <summary>The most rows of this page.</summary>
    public int PageSize => Math.Min(MaxKeys, MaxPage);

    /// <summary>The query for a layer: one row more than the page, which shows whether another page follows.</summary>
    public ListingQuery Query => new(Prefix, Delimiter, After, PageSize + 1) { WithRestoreStatus = WithRestoreStatus };

    /// <summary>Parses the query.</summary>
    /// <exception cref="S3Exception">InvalidArgument, with S3's message.</exception>
    public static ListRequest Parse(S3Request request)
    {
        var query = request.Query;
        var isV2 = request.Operation == S3Operation.ListObjectsV2;
        var encodesNames = EncodesNames(query);
        var token = isV2 ? query["continuation-token"] : null;
        if (token is { Length: 0 })
        {
            throw Invalid("The continuation token provided is incorrect", "continuation-token", token);
        }

        var startAfter = isV2 ? query["start-after"] : null;
        var delimiter = query["delimiter"] ?? "";
        var prefix = query["prefix"] ?? "";
        var marker = isV2 ? "" : query["marker"] ?? "";
        var after = token is not null ? ContinuationTokens.Read(token)
            : ListingPosition.Behind(isV2 ? startAfter ?? "" : marker, prefix, delimiter);

        return new ListRequest
        {
            IsV2 = isV2,
            Prefix = prefix,
            Delimiter = delimiter,
            MaxKeys = MaxKeysOf(query["max-keys"]),
            EncodeNames = encodesNames,
            Marker = marker,
            StartAfter = startAfter,
            ContinuationToken = token,
            FetchOwner = !isV2 || query["fetch-owner"] == "true",
            WithRestoreStatus = RestoreStatus.IsWanted(request),
            After = after,
        };
    }

    /// <summary>Whether names are to be percent-encoded. An unknown encoding is an error, even an empty one.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    internal static bool EncodesNames(S3Query query) =>
        query["encoding-type"] is { } encoding
        && (string.Equals(encoding, "url", StringComparison.OrdinalIgnoreCase)
            ? true
            : throw Invalid("Invalid Encoding Method specified in Request", "encoding-type", encoding));

    private static int MaxKeysOf(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return MaxPage;
        }

        if (!WholeNumbers.TryParseSigned(text, out var value) || value is < int.MinValue or > int.MaxValue)
        {
            throw Invalid("Provided max-keys not an integer or within integer range", "max-keys", text);
        }

        return value >= 0 ? (int)value : throw Invalid("Argument max-keys must be an integer between 0 and 2147483647", "max-keys", text);
    }

    private static S3Exception Invalid(string message, string name, string value) => new(S3Errors.InvalidArgument, message)
    {
        Details = [new("ArgumentName", name), new("ArgumentValue", value)],
    };
}
