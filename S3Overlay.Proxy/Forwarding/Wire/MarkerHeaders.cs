namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>Reads the delete marker that an error response is about.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html</remarks>
internal static class MarkerHeaders
{
    /// <summary>The headers that show its version id and date to clients; null if the response is about no delete marker.</summary>
    public static List<KeyValuePair<string, string>>? Of(HttpResponseMessage answer)
    {
        if (!answer.Headers.NonValidated.TryGetValues("x-amz-delete-marker", out var marks) || marks.ToString() != "true")
        {
            return null;
        }

        var headers = new List<KeyValuePair<string, string>>(3) { new("x-amz-delete-marker", "true") };
        if (answer.Headers.NonValidated.TryGetValues("x-amz-version-id", out var id))
        {
            headers.Add(new("x-amz-version-id", id.ToString()));
        }

        if (answer.Content.Headers.NonValidated.TryGetValues("Last-Modified", out var date))
        {
            headers.Add(new("Last-Modified", date.ToString()));
        }

        return headers;
    }
}
