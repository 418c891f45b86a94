using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Pages.Cache;

namespace S3Overlay.WebConsole.Pages.Requests;

/// <summary>Which requests a page shows. Pages with equal filters share one tail.</summary>
/// <param name="Target">A bucket, or a bucket, a slash and what keys begin with; empty for all.</param>
/// <param name="Layer">A layer or cache result; empty for all.</param>
/// <param name="Method">An HTTP method; empty for all.</param>
/// <param name="Status">A status or class; empty for all.</param>
internal sealed record RequestFilter(string Target, string Layer, string Method, string Status)
{
    /// <summary>All requests.</summary>
    public static readonly RequestFilter All = new("", "", "", "");

    /// <summary>A filter of parts that may be null.</summary>
    public static RequestFilter Of(string? target, string? layer, string? method, string? status) =>
        new(target?.Trim() ?? "", layer ?? "", method ?? "", status ?? "");

    /// <summary>The parameters of <c>tail</c>.</summary>
    public ProxyQuery Query() => CacheTarget.ParsePrefix(Target).Query(nameAll: false).With("layer", Some(Layer))
        .With("method", Some(Method)).With("status", Some(Status));

    private static string? Some(string text) => text.Length == 0 ? null : text;
}
