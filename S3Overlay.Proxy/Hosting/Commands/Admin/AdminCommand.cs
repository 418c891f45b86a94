using System.Text.Json;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Regions;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>
/// The administration calls for people: signs them with a key of the settings, and says what came of it and what to do next.
/// </summary>
/// <param name="output">Where the answer goes.</param>
/// <param name="errors">Where problems and progress go.</param>
internal sealed class AdminCommand(TextWriter output, TextWriter errors)
{
    /// <summary>How many rows are asked for at a time.</summary>
    private const int PageSize = 1000;

    /// <summary>Runs one call.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> line)
    {
        var arguments = AdminArguments.Read(line);
        if (arguments.WantsHelp || (arguments.Call.Length == 0 && arguments.Problem.Length == 0))
        {
            await output.WriteLineAsync(AdminHelp.Text);
            return arguments.WantsHelp ? ExitCodes.Ok : ExitCodes.BadConfiguration;
        }

        var problem = arguments.Problem.Length > 0 ? arguments.Problem
            : arguments.Call is "explain" or "compact" && arguments.Bucket is null ? $"Which bucket? {arguments.Call} BUCKET"
            : arguments.Call is "drop" or "discard" && arguments.Bucket is null && !arguments.IsForAll
                ? $"Of what? {arguments.Call} BUCKET, or {arguments.Call} --all"
            : arguments.Call is "tombstones" && arguments.Key is not null
                ? $"One key is what explain is for: explain {arguments.Bucket}/{arguments.Key}"
            : null;
        if (problem is not null)
        {
            await errors.WriteLineAsync($"{problem} s3overlay admin --help lists what there is.");
            return ExitCodes.BadConfiguration;
        }

        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(ProxyBuilder.FromEnvironment(arguments.Settings).Configuration, problems);
        if (problems.Errors.Count > 0)
        {
            await errors.WriteLineAsync(problems.Describe());
            return ExitCodes.BadConfiguration;
        }

        if (options.Clients.Keys.FirstOrDefault(key => key.IsAdministrator) is not { } key)
        {
            await errors.WriteLineAsync(
                "None of the keys in the settings may administer: set S3_OVERLAY_ACCESS_KEY and S3_OVERLAY_SECRET_KEY, or give a key of the file \"admin\": true.");
            return ExitCodes.BadConfiguration;
        }

        if ((arguments.Endpoint ?? options.Listen.Plain) is not { } endpoint)
        {
            await errors.WriteLineAsync("None of the proxy's addresses is plain HTTP. Name one: --endpoint https://s3.example.org");
            return ExitCodes.BadConfiguration;
        }

        return await CallAsync(arguments, endpoint, key, options.Clients.Region ?? AwsHosts.DefaultRegion);
    }

    private async Task<int> CallAsync(AdminArguments arguments, Uri endpoint, ClientKey key, string region)
    {
        using var client = new AdminClient(endpoint, new SigningCredentials(key.AccessKey, key.SecretKey), region);
        try
        {
            return arguments.Call == "tombstones"
                ? await ListAsync(client, arguments)
                : await DoAsync(client, endpoint, arguments);
        }
        catch (AdminRefusal refusal)
        {
            await errors.WriteLineAsync($"{endpoint.Authority} says: {refusal.Message}");
            if (refusal.Status == 403)
            {
                await errors.WriteLineAsync(
                    $"Next: check that {key.AccessKey} is a key of that proxy with \"admin\": true, and its secret.");
            }

            return ExitCodes.CannotRun;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            await errors.WriteLineAsync(
                $"{endpoint.Authority} does not answer: {(failure is OperationCanceledException ? "it takes too long" : failure.Message)}");
            await errors.WriteLineAsync("Next: name the running proxy with --endpoint http://HOST:PORT");
            return ExitCodes.CannotRun;
        }
    }

    private async Task<int> DoAsync(AdminClient client, Uri endpoint, AdminArguments arguments)
    {
        var isReading = arguments.Call == "explain";
        JsonElement? last = null;
        await foreach (
            var line in client.CallAsync(isReading ? "GET" : "POST", arguments.Call, arguments.Parameters(), CancellationToken.None))
        {
            last = AdminRefusal.Check(line);
            if (arguments.IsRaw)
            {
                await output.WriteLineAsync(line.Text);
            }
            else if (!isReading && !last.Value.Is("done"))
            {
                await errors.WriteLineAsync(ResultText.Progress(arguments.Call, last.Value));
            }
        }

        if (last is not { } result || (!isReading && !result.Is("done")))
        {
            throw new HttpRequestException("it broke off its answer");
        }

        var didNothing = arguments is { Call: "discard", Key: not null } && result.Number("tombstones") + result.Number("kept") == 0;
        var lines = arguments.IsRaw ? []
            : isReading ? ExplanationText.Of(result)
            : didNothing ? NothingUndeletedText.Of(await ExplainAsync(client, arguments), endpoint)
            : ResultText.Of(arguments, result);
        foreach (var line in lines)
        {
            await output.WriteLineAsync(line);
        }

        return didNothing ? ExitCodes.CannotRun : ExitCodes.Ok;
    }

    /// <summary>The state of the named key in this proxy, without asking the remote.</summary>
    private static async Task<JsonElement> ExplainAsync(AdminClient client, AdminArguments arguments)
    {
        await foreach (var line in client.CallAsync("GET", "explain", (arguments with { LeavesRemoteAlone = true }).Parameters(),
            CancellationToken.None))
        {
            return AdminRefusal.Check(line);
        }

        throw new HttpRequestException("it broke off its answer");
    }

    /// <summary>Goes through all pages.</summary>
    private async Task<int> ListAsync(AdminClient client, AdminArguments arguments)
    {
        var (count, token) = (0, "");
        do
        {
            var left = Math.Min(PageSize, (arguments.Limit ?? int.MaxValue) - count);
            var parameters = arguments.Parameters().Append(new("limit", left.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            var lines = client.CallAsync("GET", arguments.Call, token.Length == 0 ? parameters
                : parameters.Append(new("token", token)), CancellationToken.None);
            token = "";
            await foreach (var line in lines)
            {
                var page = AdminRefusal.Check(line);
                token = page.Text("next");
                count += await WriteAsync(arguments, line, page);
            }
        }
        while (token.Length > 0 && count < (arguments.Limit ?? int.MaxValue));

        if (!arguments.IsRaw)
        {
            await errors.WriteLineAsync(
                arguments.Bucket is null
                    ? $"{AdminText.Count(count, "bucket")} with deletes.{(count > 0 ? " Next: s3overlay admin tombstones BUCKET" : "")}"
                    : $"{AdminText.Count(count, "deleted key")}{(token.Length > 0 ? ", and more" : "")}."
                        + (count > 0 ? $" Next: to have the remote's show again:  s3overlay admin discard {AdminText.Argument(arguments.Bucket)} (or one of its keys)" : ""));
        }

        return ExitCodes.Ok;
    }

    private async Task<int> WriteAsync(AdminArguments arguments, AdminLine line, JsonElement page)
    {
        if (arguments.IsRaw)
        {
            await output.WriteLineAsync(line.Text);
        }
        else if (page.Is("bucketDeleted"))
        {
            await output.WriteLineAsync(
                $"The bucket itself was deleted here, which hides all of its remote. Next: s3overlay admin discard {AdminText.Argument(arguments.Bucket ?? "")}");
        }

        var rows = page.GetProperty(arguments.Bucket is null ? "buckets" : "tombstones");
        foreach (var row in arguments.IsRaw ? default : rows.EnumerateArray())
        {
            await output.WriteLineAsync(
                arguments.Bucket is null
                    ? row.Text("bucket") + (row.Is("bucketDeleted") ? "  (deleted as a whole)" : "")
                    : (row.Text("deleted") is { Length: > 0 } date ? date + "  " : "") + AdminText.Name(row.Text("key")));
        }

        return rows.GetArrayLength();
    }
}
