namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>A parsed and validated ListObjects or ListObjectsV2 request.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html and .../API_ListObjects.html</remarks>
/// <param name="IsV2">Whether this is ListObjectsV2.</param>
/// <param name="Prefix">Only keys with this prefix.</param>
/// <param name="Delimiter">The delimiter of common prefixes; empty for none.</param>
/// <param name="MaxKeys">What the client asked for, 0 or more. A page has at most <see cref="MaxPage"/> rows.</param>
/// <param name="EncodeNames">Whether names are percent-encoded in the response (<c>encoding-type=url</c>).</param>
/// <param name="Marker">V1's marker as sent, or empty.</param>
/// <param name="StartAfter">V2's start-after, as sent, or null.</param>
/// <param name="ContinuationToken">V2's continuation token, as sent, or null.</param>
/// <param name="FetchOwner">Whether V2 returns the owner of each object. V1 always does.</param>
/// <param name="WithRestoreStatus">Whether rows include the restore status of archived objects.</param>
/// <param name="After">Where the page starts.</param>
public sealed record ListRequest(bool IsV2, string Prefix, string Delimiter, int MaxKeys, bool EncodeNames, string Marker,
    string? StartAfter, string? ContinuationToken, bool FetchOwner, bool WithRestoreStatus, ListingPosition After)
{
    /// <summary>The most rows on a page.</summary>
    public const int MaxPage = 1000;

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
            throw S3Exception.Argument("The continuation token provided is incorrect", "continuation-token", token);
        }

        var startAfter = isV2 ? query["start-after"] : null;
        var delimiter = query["delimiter"] ?? "";
        if (delimiter.Length > 0 && query["allow-unordered"] == "true")
        {
            // An extension of Ceph's gateway. Its listings without an order have no common prefixes; ours are always in order.
            throw S3Exception.Argument("A listing without an order has no delimiter.", "allow-unordered", "true");
        }

        var prefix = query["prefix"] ?? "";
        var marker = isV2 ? "" : query["marker"] ?? "";
        var after = token is not null ? ContinuationTokens.Read(token)
            : ListingPosition.Behind(isV2 ? startAfter ?? "" : marker, prefix, delimiter);

        return new ListRequest(isV2, prefix, delimiter, MaxKeysOf(query["max-keys"]), encodesNames, marker, startAfter, token,
            FetchOwner: !isV2 || query["fetch-owner"] == "true", RestoreStatus.IsWanted(request), after);
    }

    /// <summary>Whether names are to be percent-encoded. An unknown encoding is an error, even an empty one.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    internal static bool EncodesNames(S3Query query) =>
        query["encoding-type"] is { } encoding
        && (string.Equals(encoding, "url", StringComparison.OrdinalIgnoreCase)
            ? true
            : throw S3Exception.Argument("Invalid Encoding Method specified in Request", "encoding-type", encoding));

    private static int MaxKeysOf(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return MaxPage;
        }

        if (!WholeNumbers.TryParseSigned(text, out var value) || value is < int.MinValue or > int.MaxValue)
        {
            throw S3Exception.Argument("Provided max-keys not an integer or within integer range", "max-keys", text);
        }

        return value >= 0 ? (int)value
            : throw S3Exception.Argument("Argument max-keys must be an integer between 0 and 2147483647", "max-keys", text);
    }
}
