using System.Text;
using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Changes;

/// <summary>What the methods of changes return, as texts that a test can compare.</summary>
internal static class ChangeLines
{
    /// <summary>The changes as <c>A! key</c>; a deleted bucket as <c>D? bucket/</c>.</summary>
    public static async Task<string[]> OfAsync(LayerScene scene, string query = "bucket=bucket") =>
        [.. (await ReadAsync(await scene.SendAsync("GET", "/-/v1/changes?" + query))).Select(Show)];

    /// <summary>The lines of a whole response.</summary>
    public static Task<JsonElement[]> ReadAsync(RawResponse response)
    {
        Assert.True(response.Status == 200, response.Text);
        var lines = response.Text.TrimEnd('\n').Split('\n').Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.True(lines[^1].GetProperty("done").GetBoolean(), response.Text);
        Assert.Equal(lines.Length - 1, lines[^1].GetProperty("count").GetInt32());
        return Task.FromResult(lines[..^1]);
    }

    public static string Show(JsonElement line)
    {
        var letter = line.GetProperty("kind").GetString() switch
        {
            "added" => "A", "overwritten" => "M", "metadata-only" => "T", "same" => "=", "deleted" => "D", var other => other,
        };
        var state = line.GetProperty("upstream").GetString() switch
        {
            "unchanged" => "", "changed" => "!", "unknown" => "?", var other => other,
        };
        return $"{letter}{state} {line.GetProperty("key").GetString() ?? line.GetProperty("bucket").GetString() + "/"}";
    }

    /// <summary>Reverts, and returns the counts that are not zero.</summary>
    public static async Task<string> RevertAsync(LayerScene scene, string query)
    {
        var response = await scene.SendAsync("POST", "/-/v1/revert?" + query);
        Assert.True(response.Status == 200, response.Text);
        return Counts(response);
    }

    /// <summary>The counts of a revert that are not zero.</summary>
    public static string Counts(RawResponse response)
    {
        var last = JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;
        Assert.True(last.GetProperty("done").GetBoolean(), response.Text);
        return string.Join(' ', last.EnumerateObject().Where(static each => each.Value.ValueKind == JsonValueKind.Number
            && each.Value.GetInt64() != 0).Select(static each => $"{each.Name}={each.Value}"));
    }

    public static async Task OkAsync(LayerScene scene, string method, string target, string? body = null,
        params (string Name, string Value)[] headers)
    {
        var response = await scene.SendAsync(method, target, body, headers);
        Assert.True(response.Status is 200 or 204, $"{method} {target}: {response.Text}");
    }

    /// <summary>Sets an object's tags.</summary>
    public static Task TagAsync(LayerScene scene, string key, string name, string value)
    {
        var document = $"<Tagging><TagSet><Tag><Key>{name}</Key><Value>{value}</Value></Tag></TagSet></Tagging>";
        return OkAsync(scene, "PUT", $"/bucket/{key}?tagging", document, ("Content-MD5",
            Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(Encoding.UTF8.GetBytes(document)))));
    }
}
