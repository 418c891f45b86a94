using System.Globalization;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>A page of a listing while it is made of pages of a service.</summary>
internal sealed class VisiblePage
{
    /// <summary>Behind all keys that begin with a name, but those that go on with this very character.</summary>
    private const string Last = "\U0010FFFF";

    private readonly ListingKind _kind;
    private readonly int _limit;
    private readonly List<ListedRow> _rows = [];
    private XElement? _first;
    private string _id;
    private string? _token;
    private bool _hasMore;

    /// <summary>The common prefix that the page begins behind; null for none.</summary>
    private string? _passed;

    /// <param name="kind">The kind of listing.</param>
    /// <param name="request">The client's request.</param>
    /// <param name="limit">The most rows.</param>
    public VisiblePage(ListingKind kind, S3Request request, int limit)
    {
        (_kind, Request, _limit) = (kind, request, limit);
        (Prefix, After, _id) = (request.Query["prefix"] ?? "", request.Query[kind.Marker] ?? "", "");
        var delimiter = request.Query["delimiter"] ?? "";
        if (kind.HasTokens && request.Query["continuation-token"] is { Length: > 0 } token)
        {
            var position = ContinuationTokens.Read(token);
            (After, _passed) = (position.IsPrefix ? position.Name + Last : position.Name, position.IsPrefix ? position.Name : null);
        }
        else if (ListingPosition.Behind(After, Prefix, delimiter).IsPrefix)
        {
            (After, _passed) = (After + Last, After);
        }
        else if (kind.IdMarker.Length > 0)
        {
            _id = request.Query[kind.IdMarker] ?? "";
        }
    }

    /// <summary>The client's request.</summary>
    public S3Request Request { get; }

    /// <summary>What all keys begin with.</summary>
    public string Prefix { get; }

    /// <summary>Where the next page of the service begins.</summary>
    public string After { get; private set; }

    /// <summary>The rows so far.</summary>
    public int Count => _rows.Count;

    /// <summary>The headers of the service's pages: those of the first, and what others add, such as that one is not whole.</summary>
    public HeaderDictionary Headers { get; } = [];

    /// <summary>A listing of one row under a prefix: whether there is any.</summary>
    public VisiblePage Under(string prefix) => new(_kind, Request with
    {
        Query = With(Request.Query, ("prefix", prefix), ("delimiter", null), ("continuation-token", null), (_kind.Marker, null),
            (_kind.IdMarker, null)),
    }, 1);

    /// <summary>Goes behind all keys with a hidden prefix, unless it is there already.</summary>
    public void Skip(string? prefix)
    {
        if (prefix is not null && Utf8Order.Compare(After, prefix + Last) < 0)
        {
            (After, _id, _token) = (prefix + Last, "", null);
        }
    }

    /// <summary>The request for the next page of the service.</summary>
    public S3Request Next() => Request with
    {
        Query = With(Request.Query,
            ("continuation-token", _token),
            (_kind.Marker, _token is null && After.Length > 0 ? After : null),
            (_kind.IdMarker, _id.Length > 0 ? _id : null),

            // Some stores list faster without an order. Pages are made of rows in order.
            ("allow-unordered", null),
            (_kind.Limit, Math.Min(ListRequest.MaxPage, _limit + 1).ToString(CultureInfo.InvariantCulture))),
    };

    /// <summary>Notes a page of the service.</summary>
    public void Begin(XElement root, IHeaderDictionary headers)
    {
        _first ??= root;
        foreach (var header in headers)
        {
            Headers.TryAdd(header.Key, header.Value);
        }
    }

    /// <summary>The rows of a page of the service, in their order.</summary>
    public IEnumerable<ListedRow> RowsOf(XElement root)
    {
        var isEncoded = IsEncoded(root);
        return ListedRow.Sort(root.Elements().Where(IsRow).SelectMany(Single).Select(row => new ListedRow(
            Decoded(row.ChildText("Key") ?? row.ChildText("Prefix") ?? "", isEncoded), row)));
    }

    /// <summary>Whether a row is the common prefix that the page begins behind: some stores show it again.</summary>
    public bool HasPassed(ListedRow row) => row.IsPrefix && row.Name == _passed;

    /// <summary>Adds a row.</summary>
    /// <returns>Whether there was room.</returns>
    public bool Add(ListedRow row)
    {
        if (_rows.Count == _limit)
        {
            _hasMore = true;
            return false;
        }

        _rows.Add(row);
        return true;
    }

    /// <summary>Goes on behind the last row of a page of the service.</summary>
    /// <returns>Whether there is a next page.</returns>
    public bool GoOn(ListedRow? last, XElement root)
    {
        if (last is null)
        {
            // A page without rows, which says where the next one begins.
            _token = _kind.HasTokens ? root.ChildText("NextContinuationToken") : null;
            var next = Decoded(root.ChildText("NextMarker") ?? root.ChildText("NextKeyMarker") ?? "", IsEncoded(root));
            var isFurther = _token is not null || Utf8Order.Compare(next, After) > 0;
            (After, _id) = (_token is null ? next : After, "");
            return isFurther;
        }

        var (before, id) = (After, _id);
        (_token, _passed) = (null, last.IsPrefix ? last.Name : null);
        After = last.IsPrefix ? last.Name + Last : last.Name;
        _id = last.IsPrefix || _kind.Id.Length == 0 ? "" : last.Element.ChildText(_kind.Id) ?? "";
        return Utf8Order.Compare(After, before) > 0 || (After == before && _id != id);
    }

    /// <summary>The page as a document: the service's first one, with other rows.</summary>
    public XElement Document()
    {
        var root = _first!;
        var isEncoded = IsEncoded(root);
        root.Elements().Where(IsRow).ToList().ForEach(static row => row.Remove());
        Set("IsTruncated", _hasMore ? "true" : "false");
        Set(_kind.Limit == "max-uploads" ? "MaxUploads" : "MaxKeys", _limit.ToString(CultureInfo.InvariantCulture));
        Echo("Marker", "marker", isEncoded);
        Echo("KeyMarker", "key-marker", isEncoded);
        Echo("StartAfter", "start-after", isEncoded);
        Echo("VersionIdMarker", "version-id-marker", isEncoded: false);
        Echo("UploadIdMarker", "upload-id-marker", isEncoded: false);
        Echo("ContinuationToken", "continuation-token", isEncoded: false);
        var last = _hasMore ? _rows[^1] : null;
        var id = last is null || _kind.Id.Length == 0 ? null : last.Element.ChildText(_kind.Id);
        var name = last is null ? null : isEncoded ? UriEncoding.EncodeKey(last.Name) : last.Name;
        Set("NextContinuationToken", last is null || !_kind.HasTokens ? null : ContinuationTokens.Write(new(last.Name, last.IsPrefix)));
        Set("NextMarker", _kind.Marker == "marker" ? name : null);
        Set("NextKeyMarker", _kind.Marker == "key-marker" ? name : null);
        Set("NextVersionIdMarker", _kind.Id == "VersionId" ? id : null);
        Set("NextUploadIdMarker", _kind.Id == "UploadId" ? id : null);
        Set("KeyCount", _kind.HasTokens ? _rows.Count.ToString(CultureInfo.InvariantCulture) : null);
        root.Add(_rows.Where(static row => !row.IsPrefix).Concat(_rows.Where(static row => row.IsPrefix))
            .Select(static row => new XElement(row.Element)));
        return root;

        void Set(string element, string? value)
        {
            var present = root.Children(element).FirstOrDefault();
            if (value is null)
            {
                present?.Remove();
            }
            else if (present is not null)
            {
                present.Value = value;
            }
            else
            {
                root.Add(new XElement(root.Name.Namespace + element, value));
            }
        }

        void Echo(string element, string parameter, bool isEncoded)
        {
            var sent = Request.Query[parameter];
            if (root.Children(element).Any() || sent is { Length: > 0 })
            {
                // Elements of a marker are there even if it is empty.
                Set(element, sent is null ? element.EndsWith("Marker", StringComparison.Ordinal) ? "" : null
                    : isEncoded ? UriEncoding.EncodeKey(sent) : sent);
            }
        }
    }

    private bool IsRow(XElement element) => element.Name.LocalName == "CommonPrefixes" || _kind.Rows.Contains(element.Name.LocalName);

    /// <summary>A row; several common prefixes in one element are a row each.</summary>
    private static IEnumerable<XElement> Single(XElement row) => row.Children("Prefix").Skip(1).Any()
        ? row.Children("Prefix").Select(prefix => new XElement(row.Name, new XElement(prefix))) : [row];

    private static bool IsEncoded(XElement root) => root.ChildText("EncodingType") == "url";

    private static string Decoded(string name, bool isEncoded) =>
        isEncoded && UriEncoding.TryDecodeQuery(name, out var decoded) ? decoded : name;

    /// <summary>The query with other values; null removes a parameter.</summary>
    private static S3Query With(S3Query query, params ReadOnlySpan<(string Name, string? Value)> changes)
    {
        var parts = new List<(string Name, string? Value)>();
        foreach (var (name, value) in query.Parameters)
        {
            var isChanged = false;
            foreach (var change in changes)
            {
                isChanged |= change.Name == name;
            }

            if (!isChanged)
            {
                parts.Add((name, value));
            }
        }

        foreach (var (name, value) in changes)
        {
            if (value is not null && name.Length > 0)
            {
                parts.Add((name, value));
            }
        }

        return S3Query.Parse(string.Join('&', parts.Select(static part => part.Value is null ? UriEncoding.EncodeComponent(part.Name)
            : $"{UriEncoding.EncodeComponent(part.Name)}={UriEncoding.EncodeComponent(part.Value)}")));
    }
}
