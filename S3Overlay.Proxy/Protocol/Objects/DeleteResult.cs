using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The response to DeleteObjects.</summary>
public static class DeleteResult
{
    /// <summary>Sends the outcome of each key, in the order of the request.</summary>
    public static Task SendAsync(DeleteObjectsRequest delete, IReadOnlyList<DeleteOutcome> outcomes, S3Request request, S3Response response,
        CancellationToken cancellationToken)
    {
        var xml = new S3XmlWriter().Root("DeleteResult");
        foreach (var outcome in outcomes)
        {
            request.Deleted?.Invoke(outcome.Item.Key, outcome.Item.VersionId, outcome.Error);
            if (outcome.Error is { } error)
            {
                xml.Open("Error").Element("Key", outcome.Item.Key).Optional("VersionId", outcome.Item.VersionId);

                xml.Element("Code", error.Code).Element("Message", outcome.Message ?? error.Message).Close("Error");
            }
            else if (!delete.IsQuiet)
            {
                xml.Open("Deleted").Element("Key", outcome.Item.Key).Optional("VersionId", outcome.Item.VersionId);

                if (outcome.Marker is { } marker)
                {
                    xml.Element("DeleteMarker", true).Element("DeleteMarkerVersionId", marker);
                }

                xml.Close("Deleted");
            }
        }

        return xml.Close("DeleteResult").SendAsync(request, response, cancellationToken);
    }
}

/// <summary>The outcome of one key in DeleteObjects.</summary>
/// <param name="Error">The error; null if the key was deleted or did not exist.</param>
/// <param name="Message">Replaces the error's message; or null.</param>
public sealed record DeleteOutcome(DeleteItem Item, S3Error? Error, string? Message = null)
{
    /// <summary>The delete marker that was created or deleted; null for none.</summary>
    public string? Marker { get; init; }
}
