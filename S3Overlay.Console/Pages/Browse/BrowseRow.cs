using Microsoft.AspNetCore.StaticFiles;

using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>A row of the list.</summary>
/// <param name="Name">The key, or the prefix of a folder.</param>
/// <param name="IsFolder">Whether it is all keys below a slash.</param>
/// <param name="Layer">Where a read is answered; null for a folder, and for keys that may not know.</param>
/// <param name="Size">The size of the object.</param>
/// <param name="Cached">Cached bytes; null if they are not known.</param>
/// <param name="Modified">The object's date.</param>
internal sealed record BrowseRow(string Name, bool IsFolder, RowLayer? Layer, long? Size, long? Cached, DateTimeOffset? Modified)
{
    private static readonly FileExtensionContentTypeProvider Types = new();

    /// <summary>What the name says that it is: a listing has no content types.</summary>
    public string Type => IsFolder ? "folder" : TypeOf(Name) ?? "";

    /// <summary>The content type that files of a name usually have; null if the name says nothing.</summary>
    public static string? TypeOf(string name) => Types.TryGetContentType(name[(name.LastIndexOf('/') + 1)..], out var type) ? type : null;
}

/// <summary>Some rows in a row.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="HasMore">Whether more follow.</param>
internal sealed record RowPage(IReadOnlyList<BrowseRow> Rows, bool HasMore);
