using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>Why <c>discard</c> had nothing to take back for a key, and what to do instead.</summary>
internal static class NothingUndeletedText
{
    /// <summary>The lines, from the key's explanation.</summary>
    /// <param name="explanation">What the proxy's <c>explain</c> says of the key.</param>
    /// <param name="endpoint">The proxy that was asked. The command that deletes names it: without an endpoint it would delete the object
    /// at AWS.</param>
    public static IEnumerable<string> Of(JsonElement explanation, Uri endpoint)
    {
        var name = $"{explanation.Text("bucket")}/{explanation.Text("key")}";
        if (explanation.Object("written") is null)
        {
            yield return $"Nothing to take back: {AdminText.Name(name)} has no delete here.";
            yield return $"Next: to see where it comes from:  s3overlay admin explain {AdminText.Argument(name)}";
            yield break;
        }

        yield return $"Nothing to take back: {AdminText.Name(name)} was written here, not deleted. discard takes back deletes only, so your version stays.";
        yield return $"Next: to see the remote's object again, delete your version, then run this command again:  aws --endpoint-url {endpoint.GetLeftPart(UriPartial.Authority)} s3 rm s3://{AdminText.Argument(name)}";
    }
}
