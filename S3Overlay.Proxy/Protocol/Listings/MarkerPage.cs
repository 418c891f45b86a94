using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>The parameters that ListObjectVersions and ListMultipartUploads share.</summary>
internal sealed record MarkerPage(string Prefix, string Delimiter, string KeyMarker, int Limit, bool EncodeNames)
{
    private const int MaxPage = 1000;
    private const string VersionMarker = "version-id-marker";
    private const string UploadMarker = "upload-id-marker";

    /// <summary>Whether rows include the restore status of archived objects.</summary>
    public bool WithRestoreStatus { get; init; }

    /// <summary>The version of <see cref="KeyMarker"/> to continue after; empty for the next key.</summary>
    public string VersionIdMarker { get; init; } = "";

    /// <summary>Where the page starts. A marker that is a common prefix covers all keys under it.</summary>
    public ListingPosition After => ListingPosition.Behind(KeyMarker, Prefix, Delimiter);

    /// <summary>The query for the page: one row more than it has, which shows whether another page follows.</summary>
    public ListingQuery Query => new(Prefix, Delimiter, After, Limit + 1) { WithRestoreStatus = WithRestoreStatus };

    /// <summary>Parses the query.</summary>
    public static MarkerPage Parse(S3Request request, string limitName)
    {
        var query = request.Query;
        return new MarkerPage(query["prefix"] ?? "", query["delimiter"] ?? "", query["key-marker"] ?? "", Number(query, limitName, MaxPage),
            ListRequest.EncodesNames(query)) { WithRestoreStatus = RestoreStatus.IsWanted(request) };
    }

    /// <summary>Parses the query of ListObjectVersions.</summary>
    /// <param name="hasVersions">Whether the store knows its version ids. Without versioning, the only id is <c>null</c>.</param>
    /// <exception cref="S3Exception">
    /// InvalidArgument: a version marker without a key marker, or an impossible one. For uploads, a lone upload id is ignored instead.
    /// </exception>
    public static MarkerPage ParseVersions(S3Request request, bool hasVersions)
    {
        var page = Parse(request, "max-keys");
        var marker = request.Query["version-id-marker"] ?? "";
        return page.KeyMarker.Length == 0 && marker.Length > 0
            ? throw S3Exception.Argument("A version-id marker cannot be specified without a key marker.", VersionMarker, marker)
            : !hasVersions && marker is not ("" or "null") ? throw NoVersion(marker)
            : page with { VersionIdMarker = marker };
    }

    /// <summary>The error for an impossible version marker.</summary>
    public static S3Exception NoVersion(string marker) => S3Exception.Argument("Invalid version id specified", VersionMarker, marker);

    /// <summary>The upload of <see cref="KeyMarker"/> to continue after; empty for the next key.</summary>
    public string UploadIdMarker(S3Request request) => KeyMarker.Length == 0 ? "" : request.Query[UploadMarker] ?? "";

    /// <summary>The error for a marker that cannot be an upload of the key, not even a finished one.</summary>
    public static S3Exception NoUpload(string marker) => S3Exception.Argument("Invalid uploadId marker", UploadMarker, marker);

    /// <summary>A parameter that is a number from 0 to <paramref name="most"/>; larger ones count as that.</summary>
    public static int Number(S3Query query, string name, int most)
    {
        if (query[name] is not { Length: > 0 } text)
        {
            return most;
        }

        return WholeNumbers.TryParse(text, out int value)
            ? Math.Min(value, most)
            : throw S3Exception.Argument($"Provided {name} not an integer or within integer range", name, text);
    }

    /// <summary>A name in the client's encoding.</summary>
    public string Name(string name) => EncodeNames ? UriEncoding.EncodeKey(name) : name;

    /// <summary>Writes delimiter and encoding.</summary>
    public void WriteDelimiter(S3XmlWriter xml)
    {
        if (Delimiter.Length > 0)
        {
            xml.Element("Delimiter", Name(Delimiter));
        }

        if (EncodeNames)
        {
            xml.Element("EncodingType", "url");
        }
    }
}
